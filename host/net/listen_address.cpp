#include "net/listen_address.hpp"

#include <sys/un.h>

#include <cstdint>

#include <Poco/Exception.h>

#include "streamhost/whole_number.hpp"

namespace streamhost::net {

using Poco::Net::SocketAddress;

namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;

// Poco looks words up in the table of services; a number is all that is meant here.
std::uint16_t parse_port(const std::string& text) {
    const auto port = whole_number<std::uint16_t>(text);
    if (!port) throw Poco::SyntaxException("'" + text + "' is no port: it is a number from 0 to 65535");
    return *port;
}

SocketAddress parse_path(const std::string& path) {
    if (path.size() > kMaxPath)
        throw Poco::SyntaxException("the path of a Unix socket has at most " + std::to_string(kMaxPath) +
                                    " bytes: choose a shorter one, for example in /run");
    return {SocketAddress::UNIX_LOCAL, path};
}

}  // namespace

SocketAddress parse_address(const std::string& text) {
    if (text.starts_with(std::string(kUnix) + "/")) return parse_path(text.substr(kUnix.size()));
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon + 1 == text.size())
        throw Poco::SyntaxException("'" + text +
                                    "' is no address: write host:port, for example 127.0.0.1:8080, or "
                                    "unix:/path");
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

std::string to_text(const SocketAddress& address) {
    return (address.family() == SocketAddress::UNIX_LOCAL ? std::string(kUnix) : std::string()) +
           address.toString();
}

bool is_local(const SocketAddress& address) {
    return address.family() == SocketAddress::UNIX_LOCAL || address.host().isLoopback();
}

std::string url_of(std::string_view scheme, std::string_view address, std::string_view path) {
    return std::string(scheme).append(address).append(address.starts_with(kUnix) ? ":" : "").append(path);
}

}  // namespace streamhost::net
