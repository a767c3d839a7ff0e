#include "net/descriptor_link.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include <poll.h>

#include "net/listen_address.hpp"

namespace streamhost::net {

namespace {

constexpr std::size_t kControlBytes = CMSG_SPACE(DescriptorLink::kMostDescriptors * sizeof(int));

union Control {
    cmsghdr aligned;
    char bytes[kControlBytes];
};

void take_descriptors(msghdr& message, std::vector<OwnedDescriptor>& out) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t index = 0; index < count; ++index) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + index * sizeof(int), sizeof(fd));
            out.emplace_back(fd);
        }
    }
}

}  // namespace

std::optional<DescriptorLink> DescriptorLink::connect(const std::string& path) {
    const Poco::Net::SocketAddress address = parse_address("unix:" + path);
    OwnedDescriptor fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() >= 0 && ::connect(fd.get(), address.addr(), address.length()) == 0)
        return DescriptorLink(std::move(fd));
    if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
    throw std::system_error(errno, std::generic_category(), path);
}

bool DescriptorLink::send(std::string_view text, std::span<const int> descriptors) const {
    Control control{};
    iovec part{const_cast<char*>(text.data()), text.size()};  // sendmsg(2) only reads it
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size_bytes());
    }
    return ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(text.size());
}

void DescriptorLink::send_last(std::string_view text) const {
    (void)::shutdown(fd_.get(), SHUT_RD);
    Packet unread;
    while (receive(unread) == Got::packet) {
    }
    (void)send(text);
}

DescriptorLink::Got DescriptorLink::receive(Packet& packet) const {
    Control control{};
    packet = {};
    packet.text.resize(kMostText);
    iovec part{packet.text.data(), packet.text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof(control.bytes);
    const ssize_t size = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0) return errno == EAGAIN || errno == EINTR ? Got::nothing : Got::gone;
    take_descriptors(message, packet.descriptors);
    packet.text.resize(static_cast<std::size_t>(size));
    return size == 0 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ? Got::gone : Got::packet;
}

bool DescriptorLink::wait_for(std::uint32_t time_ms) const {
    using Clock = std::chrono::steady_clock;
    const auto due = Clock::now() + std::chrono::milliseconds(time_ms);
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due - Clock::now()).count();
        pollfd watched{fd_.get(), POLLIN, 0};
        const int ready = ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

std::optional<uid_t> DescriptorLink::peer_user() const {
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer.uid;
}

}  // namespace streamhost::net
