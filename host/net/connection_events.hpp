#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "net/endpoint.hpp"
#include "net/http_head.hpp"
#include "net/outbox.hpp"

namespace streamhost::net {

class Connection;

/// Names a connection of this process: loop in the top 8 bits, then 24 bits of generation, then the slot.
/// Zero names none.
using ConnectionId = std::uint64_t;

[[nodiscard]] constexpr std::uint32_t loop_of(ConnectionId id) noexcept {
    return static_cast<std::uint32_t>(id >> 56);
}
[[nodiscard]] constexpr std::uint32_t slot_of(ConnectionId id) noexcept {
    return static_cast<std::uint32_t>(id);
}

/// Who answers for the connections of a loop. All [loop]. opened and closed are paired, exactly one of each;
/// a connection that was given a user by request() is closed(), too.
class ConnectionEvents {
public:
    virtual ~ConnectionEvents() = default;

    /// The upgrade was accepted. The outbox serves this connection until closed() returned.
    virtual Outbox& make_outbox(Connection& connection, const Endpoint& endpoint) = 0;
    /// Follows at once. May close the connection already.
    virtual void opened(Connection& connection, const Endpoint& endpoint, const HttpHead& head,
                        std::string_view subprotocol) = 0;
    /// One whole message; views for the call.
    virtual void message(Connection& connection, bool binary, std::span<const std::uint8_t> data) = 0;
    /// The transport ended. `code` as received or sent; 1006 when nobody said anything.
    virtual void closed(Connection& connection, std::uint16_t code, std::string_view reason) = 0;
    /// The socket takes bytes again after it did not.
    virtual void writable(Connection& connection) = 0;

    /// A request; answered once by Connection::reply() or begin_stream(), now or later.
    virtual void request(Connection& connection, const Endpoint& endpoint, const HttpHead& head,
                         std::string_view body) = 0;
};

}  // namespace streamhost::net
