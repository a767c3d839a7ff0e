#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "net/connection.hpp"
#include "net/loop_server.hpp"

namespace streamhost::net {

namespace {

bool is_for_now(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

Sent send_in_clear(int fd, const iovec* parts, std::size_t count) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);  // sendmsg(2) only reads them
    message.msg_iovlen = count;
    Sent sent;
    std::size_t offered = 0;
    for (std::size_t index = 0; index < count; ++index)
        offered += parts[index].iov_len;
    const auto give = [&] {
        // The usual case, and the kernel has less to look at.
        if (count == 1) return ::send(fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
        return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    };
    while (offered > 0) {
        const ssize_t taken = give();
        if (taken < 0 && errno == EINTR) continue;
        sent.is_gone = taken < 0 && !is_for_now(errno);
        if (taken > 0) sent.taken = static_cast<std::size_t>(taken);
        sent.is_blocked = !sent.is_gone && sent.taken < offered;
        break;
    }
    return sent;
}

// To a client that speaks plain HTTP to a listener with TLS, which is a mistake that people make.
constexpr std::string_view kWantsTls =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 54\r\nConnection: close\r\n\r\n"
    "This port speaks TLS: use https:// or wss:// with it.\n";

}  // namespace

// > 0: bytes that came; 0: none for now; -1: nobody is there any more.
ssize_t Connection::receive(std::span<std::uint8_t> into) {
    if (tls_ == nullptr) {
        const ssize_t count = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
        if (count > 0) return count;
        return count < 0 && is_for_now(errno) ? 0 : -1;
    }
    const ssize_t count = tls_->receive(into);
    if (tls_->reads_when_writable()) blocked_ = true;  // the caller watches
    if (!is_shaken_) note_handshake();
    if (count < 0 && tls_->has_failed())
        server_.counters().tls_failed.fetch_add(1, std::memory_order_relaxed);
    if (count < 0 && tls_->was_plain_http())
        (void)::send(fd_, kWantsTls.data(), kWantsTls.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count;
}

Sent Connection::transmit(const iovec* parts, std::size_t count) {
    const Sent sent = tls_ == nullptr ? send_in_clear(fd_, parts, count)
                                      : tls_->send(parts, count, server_.record_buffer());
    server_.counters().bytes_out.fetch_add(sent.taken, std::memory_order_relaxed);
    return sent;
}

void Connection::note_handshake() {
    if (!tls_->is_shaken()) return;
    is_shaken_ = true;
    auto& counters = server_.counters();
    (tls_->is_resumed() ? counters.tls_resumed : counters.tls_full).fetch_add(1, std::memory_order_relaxed);
}

// No more will come from here; what the other side still sends is awaited.
void Connection::end_sending() {
    if (tls_ != nullptr) tls_->end();
    ::shutdown(fd_, SHUT_WR);
}

}  // namespace streamhost::net
