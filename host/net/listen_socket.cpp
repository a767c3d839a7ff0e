#include "net/listen_socket.hpp"

#include <cerrno>
#include <charconv>
#include <cstdint>

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/StreamSocket.h>

namespace streamhost::net {

using Poco::Net::SocketAddress;

namespace {

// Bound without SO_REUSEPORT: the kernel then says who else is there.
SocketAddress probe(const SocketAddress& address) {
    Poco::Net::ServerSocket socket;
    socket.bind(address, true, false);
    socket.listen(1);
    return socket.address();
}

std::string reason_of(const Poco::Exception& error) {
    switch (error.code()) {
    case EADDRINUSE:
        return "another program, or another streamhost, uses this port: stop it, or choose another address";
    case EADDRNOTAVAIL:
        return "this machine does not have that address: choose one of its own, or 0.0.0.0 for all";
    case EACCES: return "the system does not let this user listen there: choose a port of 1024 or above";
    default: return error.displayText();
    }
}

// Poco looks words up in the table of services; a number is all that is meant here.
std::uint16_t parse_port(const std::string& text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port > 65'535)
        throw Poco::SyntaxException("'" + text + "' is no port: it is a number from 0 to 65535");
    return static_cast<std::uint16_t>(port);
}

}  // namespace

std::vector<ListenSocket> listen_on(const SocketAddress& address, std::size_t count, int backlog) {
    try {
        const SocketAddress bound = probe(address);
        std::vector<ListenSocket> sockets;
        for (std::size_t index = 0; index < count; ++index) {
            ListenSocket socket;
            socket.bind(bound, true, true);
            socket.listen(backlog);
            socket.setBlocking(false);
            sockets.push_back(socket);
        }
        return sockets;
    } catch (const Poco::Exception& error) {
        throw Poco::Net::NetException("cannot listen on " + address.toString() + ": " + reason_of(error),
                                      error.code());
    }
}

SocketAddress parse_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon + 1 == text.size())
        throw Poco::SyntaxException("'" + text +
                                    "' is no address: write host:port, for example 127.0.0.1:8080");
    std::string host = text.substr(0, colon);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    if (host.empty() || host == "*") host = "0.0.0.0";
    const std::uint16_t port = parse_port(text.substr(colon + 1));
    try {
        return SocketAddress(host, port);
    } catch (const Poco::Exception& error) {
        throw Poco::SyntaxException("'" + text + "' is no address: " + error.displayText());
    }
}

}  // namespace streamhost::net
