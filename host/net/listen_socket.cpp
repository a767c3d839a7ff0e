#include "net/listen_socket.hpp"

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
        throw Poco::Net::NetException("cannot listen on " + address.toString() + ": " + error.displayText() +
                                      " (is another program, or another streamhost, using this port?)");
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
    try {
        return SocketAddress(host, text.substr(colon + 1));
    } catch (const Poco::Exception& error) {
        throw Poco::SyntaxException("'" + text + "' is no address: " + error.displayText());
    }
}

}  // namespace streamhost::net
