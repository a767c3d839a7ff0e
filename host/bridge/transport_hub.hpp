#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/house.hpp"
#include "bridge/meters.hpp"
#include "bridge/route_book.hpp"
#include "delivery/loop_delivery.hpp"
#include "net/loop_server.hpp"

namespace streamhost::bridge {

class LoopTransport;

/// What one client can take; may change while the node runs.
struct TransportLimits {
    net::ServerLimits server;
    RouteLimits routes;
    delivery::ReaderOptions reader;
    std::int64_t stall_ms = 30'000;
};

struct TransportOptions {
    TransportLimits limits;
    std::vector<ListenerOptions> listeners;
    /// Clients of a plugin that ends are asked to come back spread over this time.
    std::uint32_t release_window_ms = 5'000;
};

/// The public side: listeners, connections and their readers on all loops, and the table of paths that
/// plugins registered. A change of the table is built once and given to every loop as a whole.
class TransportHub {
public:
    TransportHub(House& house, TransportOptions options);
    ~TransportHub();
    TransportHub(const TransportHub&) = delete;
    TransportHub& operator=(const TransportHub&) = delete;

    /// [control] Makes the loops' sides; before LoopGroup::start().
    void create();
    /// [control] Accepts from the sockets of the listener with that index, however many there are.
    void listen(std::uint32_t listener, std::vector<net::ListenSocket> sockets);

    /// [control] Connections of that listener that come from now on speak TLS.
    void set_tls(std::uint32_t listener, const net::TlsServerContextPtr& tls);

    /// [control] Whom that listener believes about connections that come from now on.
    void set_proxies(std::uint32_t listener, const net::ProxyRulesPtr& proxies);

    /// [control] Routes of plugins; they show when the instance opens. When it ends, the clients of its
    /// WebSocket routes are closed with 1013 and its handler hears of each.
    sh_status add_websocket(const std::shared_ptr<WebSocketRoute>& route, sh_handle* out);
    sh_status add_http(const std::shared_ptr<HttpRoute>& route, sh_handle* out);          ///< [control]
    sh_status add_exchange(const std::shared_ptr<ExchangeRoute>& route, sh_handle* out);  ///< [control]
    /// [worker] Of the admin listener, which is served elsewhere.
    [[nodiscard]] std::shared_ptr<HttpRoute> find_admin(std::string_view method, std::string_view path,
                                                        int& status) const;
    [[nodiscard]] RouteBook::Shown shown() const;  ///< [any]
    /// [control] Size and time limits hold for connections that come from then on, the rest at once.
    void set_limits(const TransportLimits& limits);
    void set_release_window(std::uint32_t window_ms) {
        options_.release_window_ms = window_ms;
    }  ///< [control]

    /// [any] The loop's side, or nullptr.
    [[nodiscard]] LoopTransport* loop(std::uint32_t index) const;
    void post(std::uint32_t loop, std::unique_ptr<delivery::LoopMessage> message);
    /// [any] Starts the closing handshake, if the connection is still there.
    void close(net::ConnectionId connection, std::uint16_t code, std::string_view reason);

    /// [control] Graceful end: upgrades are answered 503, clients hear goaway spread over the window, sockets
    /// close with 4000.
    void drain(std::uint32_t window_ms);
    void stop_listening();
    [[nodiscard]] bool is_listening() const noexcept { return is_listening_.load(); }  ///< [any]
    [[nodiscard]] net::ServerCounters& counters() noexcept { return counters_; }
    [[nodiscard]] const TransportOptions& options() const noexcept { return options_; }
    [[nodiscard]] House& house() noexcept { return house_; }
    [[nodiscard]] ConnectionMeters& meters() noexcept { return meters_; }
    [[nodiscard]] delivery::LoopStats stats() const;  ///< [worker] summed over the loops

private:
    void distribute();
    [[nodiscard]] net::Placement in_turn();  // each loop gets one after the other
    template <typename Route>
    sh_status add(const std::shared_ptr<Route>& route, std::string_view kind, sh_handle* out);
    void end_route(const std::shared_ptr<ClientRoute>& route);
    void end_route(const std::shared_ptr<HttpRoute>&) {
    }  // a request under way is answered by whoever runs it
    template <typename Call>
    void on_each_loop(const Call& call);

    House& house_;
    TransportOptions options_;
    net::ServerCounters counters_;
    ConnectionMeters meters_;
    std::vector<std::unique_ptr<LoopTransport>> loops_;
    std::atomic<bool> is_listening_{false};
    mutable std::mutex routes_mutex_;
    RouteBook routes_;  // guarded by routes_mutex_
};

}  // namespace streamhost::bridge
