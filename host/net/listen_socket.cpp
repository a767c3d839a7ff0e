#include "net/listen_socket.hpp"

#include <sys/socket.h>

#include <cerrno>

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <fcntl.h>

#include "net/listen_address.hpp"

namespace streamhost::net {

using Poco::Net::SocketAddress;

namespace {

void bind_to(ListenSocket& socket, const SocketAddress& address, bool reuse_port) {
    if (address.family() == SocketAddress::IPv6) {
        socket.bind6(address, true, reuse_port, true);
    } else {
        socket.bind(address, true, reuse_port);
    }
}

// Bound without SO_REUSEPORT: the kernel then says who else is there.
SocketAddress probe(const SocketAddress& address) {
    ListenSocket socket;
    bind_to(socket, address, false);
    socket.listen(1);
    return socket.address();
}

std::string reason_of(const Poco::Exception& error) {
    switch (error.code()) {
    case EADDRINUSE:
        return "another program, or another streamhost, uses this port: stop it, or choose another address";
    case EADDRNOTAVAIL:
        return "this machine does not have that address: choose one of its own, or 0.0.0.0 or [::] for all";
    case EAFNOSUPPORT: return "this machine has no IPv6: choose an IPv4 address";
    case EACCES: return "the system does not let this user listen there: choose a port of 1024 or above";
    default: return error.displayText();
    }
}

class Taken final : public Poco::Net::ServerSocketImpl {
public:
    explicit Taken(int fd) { reset(fd); }
};

/// Reaches the constructor of those with a state of their own.
class TakenSocket final : public ListenSocket {
public:
    explicit TakenSocket(int fd) : ServerSocket(new Taken(fd), true) {}
};

// -1: it is no socket.
int option(int fd, int name) {
    int value = 0;
    socklen_t size = sizeof(value);
    return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

std::vector<ListenSocket> listen_on(const SocketAddress& address, std::size_t count, int backlog) {
    try {
        const SocketAddress bound = probe(address);
        std::vector<ListenSocket> sockets;
        for (std::size_t index = 0; index < count; ++index) {
            ListenSocket socket;
            bind_to(socket, bound, true);
            socket.listen(backlog);
            socket.setBlocking(false);
            sockets.push_back(socket);
        }
        return sockets;
    } catch (const Poco::Exception& error) {
        throw Poco::Net::NetException("cannot listen on " + to_text(address) + ": " + reason_of(error),
                                      error.code());
    }
}

ListenSocket take_socket(OwnedDescriptor taken) {
    const int fd = taken.get();
    const int type = option(fd, SO_TYPE);
    if (type < 0) throw Poco::Net::NetException("it is no socket", errno);
    const int family = option(fd, SO_DOMAIN);
    if (type != SOCK_STREAM || (family != AF_INET && family != AF_INET6 && family != AF_UNIX))
        throw Poco::Net::NetException("it is no socket of TCP and no Unix stream socket");
    if (option(fd, SO_ACCEPTCONN) != 1)
        throw Poco::Net::NetException("it does not listen: a socket unit needs Accept=no");
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
        throw Poco::Net::NetException("it cannot be used", errno);
    return TakenSocket(taken.release());
}

}  // namespace streamhost::net
