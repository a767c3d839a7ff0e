#pragma once

#include <string>
#include <string_view>

#include <Poco/Net/SocketAddress.h>

namespace streamhost::net {

/// "127.0.0.1:8080", "[::1]:8080", ":8080" (all IPv4 addresses), "[::]:8080" (all IPv6 addresses, and no IPv4
/// ones), "localhost:8080", "unix:/run/streamhost.sock". Throws Poco::SyntaxException with the next step.
[[nodiscard]] Poco::Net::SocketAddress parse_address(const std::string& text);

/// As parse_address() takes it.
[[nodiscard]] std::string to_text(const Poco::Net::SocketAddress& address);

/// Whether nobody but this machine reaches it: a Unix socket, or an address of the loopback.
[[nodiscard]] bool is_local(const Poco::Net::SocketAddress& address);

/// Of a path, "/health", of the listener with that address: "http://unix:/run/streamhost.sock:/health" for a
/// Unix socket, as proxies write it. `scheme`: "http://" or "https://".
[[nodiscard]] std::string url_of(std::string_view scheme, std::string_view address, std::string_view path);

}  // namespace streamhost::net
