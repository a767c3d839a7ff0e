#pragma once

#include <cstdint>

#include <Poco/Net/ServerSocket.h>

#include "net/listen_socket.hpp"

namespace streamhost::app {

struct AdminSocketLimits {
    std::uint32_t request_ms = 5'000;  ///< from the accept to the last byte of the request
    std::uint32_t answer_ms = 5'000;   ///< from the first byte of the answer to the last
    std::uint32_t request_bytes = 0;   ///< head and body together
};

/// The problem: Poco's HTTPServer keeps a thread for a connection, and its timeouts are those of single
/// reads. Whoever sends a byte a second keeps the thread for good, and a few of them keep all.
///
/// Accepts connections that have one time for their request and one for their answer, however many reads and
/// writes those take. What comes too late, or is too much, ends the connection with an exception of Poco's,
/// which its server expects. Meant for one request per connection.
class AdminSocket final : public Poco::Net::ServerSocket {
public:
    /// Shares the descriptor's socket, not the object. [control] Throws Poco::Net::NetException.
    AdminSocket(const net::ListenSocket& socket, const AdminSocketLimits& limits);
    /// [control] For good. Whoever waits in the socket's queue stays there, for others that share it.
    void stop_accepting() noexcept;
};

}  // namespace streamhost::app
