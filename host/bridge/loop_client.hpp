#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bridge/loop_transport.hpp"

namespace streamhost::bridge {

struct LoopTransport::Exchange {
    ExchangeRoute& route;
    bool may_stream = false;
    bool is_head = false;
    bool keep_alive = false;
    bool is_opening = false;  ///< its plugin's open() runs: what ends it waits for the context
    std::optional<std::pair<std::uint16_t, std::string>> end{};  ///< what came meanwhile
};

/// What a WebSocket or an exchange is beside its socket: the plugin that answers for it, and its reader.
/// Owned by the connection (net::Connection::user) until closed() or the whole answer of an exchange.
struct LoopTransport::Client {
    std::shared_ptr<ClientRoute> route;
    net::Connection& connection;
    delivery::Reader* reader = nullptr;  ///< none before a stream begins
    void* context = nullptr;
    std::unique_ptr<Exchange> exchange{};  ///< nullptr: a WebSocket
    bool is_open = false;
};

/// Somebody whose plugin has not heard of the end yet.
struct LoopTransport::Ended {
    std::unique_ptr<Client> client;
    net::ConnectionId id = 0;
    std::uint16_t code = 0;
    std::string reason;
};

}  // namespace streamhost::bridge
