#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>

#include "net/owned_descriptor.hpp"

namespace streamhost::net {

/// A bound, listening, non-blocking socket.
using ListenSocket = Poco::Net::ServerSocket;

/// The problem: each loop needs a listening socket of its own on the same port (SO_REUSEPORT), and exactly
/// that would let a second host bind the port without an error and take half of the connections.
///
/// So the port is first bound without SO_REUSEPORT, which fails if anybody listens there, and only then as
/// often as there are loops. Port 0 picks one. An IPv6 address takes no IPv4 connections (IPV6_V6ONLY):
/// whoever wants both has two listeners. Throws Poco::Net::NetException (address in use, no permission) with
/// the address in its text. [control]
[[nodiscard]] std::vector<ListenSocket> listen_on(const Poco::Net::SocketAddress& address, std::size_t count,
                                                  int backlog);

/// A socket that somebody else opened. Throws Poco::Net::NetException with the reason where it is none that
/// listens for connections; then it is closed.
[[nodiscard]] ListenSocket take_socket(OwnedDescriptor taken);

}  // namespace streamhost::net
