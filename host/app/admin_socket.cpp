#include "app/admin_socket.hpp"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <optional>

#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/Net/Socket.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <fcntl.h>
#include <unistd.h>

namespace streamhost::app {

namespace {

using Clock = std::chrono::steady_clock;
using Poco::Net::Socket;

Clock::time_point due_in(std::uint32_t time_ms) { return Clock::now() + std::chrono::milliseconds(time_ms); }

/// One accepted connection.
class Connection final : public Poco::Net::StreamSocketImpl {
public:
    Connection(poco_socket_t fd, const AdminSocketLimits& limits)
        : StreamSocketImpl(fd),
          limits_(limits),
          request_due_(due_in(limits.request_ms)),
          bytes_left_(limits.request_bytes) {}

    using StreamSocketImpl::receiveBytes;
    using StreamSocketImpl::sendBytes;

    int receiveBytes(void* buffer, int length, int flags) override {
        wait_for(Socket::SELECT_READ, request_due_);
        const int received = StreamSocketImpl::receiveBytes(buffer, length, flags);
        if (received > 0 && static_cast<std::uint32_t>(received) > bytes_left_)
            throw Poco::Net::NetException("the request is too large");
        bytes_left_ -= received > 0 ? static_cast<std::uint32_t>(received) : 0;
        return received;
    }

    int sendBytes(const void* buffer, int length, int flags) override {
        if (!answer_due_) answer_due_ = due_in(limits_.answer_ms);
        const char* const bytes = static_cast<const char*>(buffer);
        int sent = 0;
        while (sent < length) {
            wait_for(Socket::SELECT_WRITE, *answer_due_);
            // Without waiting for room for all of it, which would be a wait without an end.
            sent += SocketImpl::sendBytes(bytes + sent, length - sent, flags | MSG_DONTWAIT);
        }
        return sent;
    }

private:
    void wait_for(Socket::SelectMode what, Clock::time_point due) {
        const auto left_us = std::chrono::duration_cast<std::chrono::microseconds>(due - Clock::now());
        if (left_us.count() <= 0 || !poll(Poco::Timespan(left_us.count()), what))
            throw Poco::TimeoutException("the time for this request is over");
    }

    const AdminSocketLimits limits_;
    const Clock::time_point request_due_;
    std::uint32_t bytes_left_;
    std::optional<Clock::time_point> answer_due_;
};

/// A listening socket that makes such connections.
class Listener final : public Poco::Net::ServerSocketImpl {
public:
    Listener(const net::ListenSocket& socket, const AdminSocketLimits& limits) : limits_(limits) {
        const int fd = ::fcntl(socket.impl()->sockfd(), F_DUPFD_CLOEXEC, 0);
        if (fd < 0) throw Poco::Net::NetException("the admin listener cannot be shared", errno);
        reset(fd);
    }

    Poco::Net::SocketImpl* acceptConnection(Poco::Net::SocketAddress& client) override {
        sockaddr_storage address{};
        socklen_t size = sizeof(address);
        const int fd = ::accept4(sockfd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC);
        if (fd < 0) throw Poco::Net::NetException("no connection was accepted", errno);
        client = Poco::Net::SocketAddress(reinterpret_cast<const sockaddr*>(&address), size);
        return new Connection(fd, limits_);
    }

    // The server's thread may be looking at the descriptor: it stays one, at which nothing ever happens.
    void stop_accepting() noexcept {
        const int nothing = ::eventfd(0, EFD_CLOEXEC);
        if (nothing < 0) return;
        (void)::dup3(nothing, sockfd(), O_CLOEXEC);
        ::close(nothing);
    }

private:
    const AdminSocketLimits limits_;
};

}  // namespace

AdminSocket::AdminSocket(const net::ListenSocket& socket, const AdminSocketLimits& limits)
    : ServerSocket(new Listener(socket, limits), true) {}

void AdminSocket::stop_accepting() noexcept { static_cast<Listener*>(impl())->stop_accepting(); }

}  // namespace streamhost::app
