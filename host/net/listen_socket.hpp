#pragma once

#include <string>
#include <vector>

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>

namespace streamhost::net {

/// A bound, listening, non-blocking socket of one loop.
using ListenSocket = Poco::Net::ServerSocket;

/// The problem: each loop needs a listening socket of its own on the same port (SO_REUSEPORT), and exactly
/// that would let a second host bind the port without an error and take half of the connections.
///
/// So the port is first bound without SO_REUSEPORT, which fails if anybody listens there, and only then as
/// often as there are loops. Port 0 picks one. Throws Poco::Net::NetException (address in use, no permission)
/// with the address in its text. [control]
[[nodiscard]] std::vector<ListenSocket> listen_on(const Poco::Net::SocketAddress& address, std::size_t count,
                                                  int backlog);

/// "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses), "localhost:8080". Throws Poco::SyntaxException
/// with the next step.
[[nodiscard]] Poco::Net::SocketAddress parse_address(const std::string& text);

}  // namespace streamhost::net
