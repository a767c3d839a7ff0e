#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/ext/exchange.h"
#include "streamhost/abi/ext/http.h"
#include "streamhost/abi/ext/websocket.h"

#include "bridge/meters.hpp"
#include "control/instance.hpp"
#include "net/endpoint.hpp"

namespace streamhost::bridge {

/// What one listener serves.
struct ListenerOptions {
    std::string name;
    bool websocket = true;
    bool sse = true;
    bool http = true;
    bool compression = false;  ///< of WebSockets whose clients offer it
};

/// A path whose clients have a plugin for as long as they stay.
struct ClientRoute : std::enable_shared_from_this<ClientRoute> {
    using Closed = void (*)(void* self, void* loop, void* context, sh_connection connection,
                            std::uint32_t code, sh_bytes reason);
    using Drain = void (*)(void* self, void* loop, void* context, sh_connection connection,
                           std::uint32_t reconnect_after_ms);

    std::shared_ptr<control::Instance> instance;
    std::string path;  ///< without the "*" of a prefix
    void* self = nullptr;
    Closed closed = nullptr;
    Drain drain = nullptr;  ///< may be missing
};

/// A WebSocket path as a plugin registered it.
struct WebSocketRoute : ClientRoute {
    std::vector<std::string> subprotocols;
    sh_websocket_route limits{};
    sh_websocket_handler handler{};
};

/// A path of exchanges as a plugin registered it.
struct ExchangeRoute : ClientRoute {
    bool is_prefix = false;
    bool has_streams = false;
    net::HttpMethods methods = 0;
    std::uint64_t max_body_bytes = 0;
    std::uint32_t comment_ms = 0;
    sh_exchange_handler handler{};
    RouteMeter meter;

    [[nodiscard]] std::string pattern() const { return is_prefix ? path + "*" : path; }
};

/// An HTTP path as a plugin registered it.
struct HttpRoute : std::enable_shared_from_this<HttpRoute> {
    std::shared_ptr<control::Instance> instance;
    std::string path;  ///< without the "*" of a prefix
    bool is_prefix = false;
    net::HttpMethods methods = 0;
    std::uint32_t listeners = 0;
    std::uint64_t max_body_bytes = 0;
    std::uint32_t timeout_ms = 0;  ///< of waiting for a worker
    sh_http_handler handler = nullptr;
    void* self = nullptr;
    RouteMeter meter;

    [[nodiscard]] std::string pattern() const { return is_prefix ? path + "*" : path; }
};

/// Bounds that hold for every route, whatever its plugin asks for.
struct RouteLimits {
    std::uint32_t max_message_bytes = 16u << 20;
    std::uint32_t heartbeat_ms = 25'000;  ///< at most between two pings of a route that has any
};

/// The problem: two plugins must not answer at one path, but two generations of one plugin have to, while the
/// new one takes over from the old.
///
/// Who answers where. A path is taken from the moment of its registration, and shows when its instance opens;
/// of two generations the newer one answers. Free of locks and loops: the hub has those.
class RouteBook {
public:
    /// SH_INVALID: no path that a router takes. SH_CONFLICT: another plugin has it, or this instance already.
    [[nodiscard]] sh_status take(const std::shared_ptr<WebSocketRoute>& route);
    [[nodiscard]] sh_status take(const std::shared_ptr<HttpRoute>& route);
    [[nodiscard]] sh_status take(const std::shared_ptr<ExchangeRoute>& route);
    void show(const void* route);
    void drop(const void* route);

    [[nodiscard]] net::RouteTablePtr table(const ListenerOptions& listener, const RouteLimits& limits) const;
    /// Of the admin listener; nullptr with the HTTP status of why not.
    [[nodiscard]] std::shared_ptr<HttpRoute> find_admin(std::string_view method, std::string_view path,
                                                        int& status) const;
    /// Routes that the public listeners show.
    struct Shown {
        std::size_t websocket = 0;
        std::size_t sse = 0;
        std::size_t http = 0;
    };
    [[nodiscard]] Shown shown() const;

private:
    template <typename Route>
    struct Entry {
        std::shared_ptr<Route> route;
        bool is_shown = false;
    };
    // Answers why `route` cannot be taken, SH_OK when it can.
    template <typename Route>
    [[nodiscard]] sh_status why_not(const Route& route) const;

    std::vector<Entry<WebSocketRoute>> websockets_;  // by age
    std::vector<Entry<HttpRoute>> https_;
    std::vector<Entry<ExchangeRoute>> exchanges_;
};

}  // namespace streamhost::bridge
