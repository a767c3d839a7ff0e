#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/ext/http.h"
#include "streamhost/abi/ext/websocket.h"

#include "bridge/house.hpp"
#include "delivery/loop_delivery.hpp"
#include "net/loop_server.hpp"

namespace streamhost::bridge {

class LoopTransport;

/// What one listener serves.
struct ListenerOptions {
    std::string name;
    bool websocket = true;
    bool http = true;
};

struct TransportOptions {
    net::ServerLimits limits;
    delivery::ReaderOptions reader;
    std::int64_t stall_ms = 30'000;
    std::uint32_t max_message_bytes = 16u << 20;
    std::vector<ListenerOptions> listeners;
};

/// A WebSocket path as a plugin registered it.
struct WebSocketRoute : std::enable_shared_from_this<WebSocketRoute> {
    std::shared_ptr<control::Instance> instance;
    std::string path;
    std::vector<std::string> subprotocols;
    sh_websocket_route limits{};
    sh_websocket_handler handler{};
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
    /// [control] Accepts from the sockets, one per loop, of the listener with that index.
    void listen(std::uint32_t listener, std::vector<net::ListenSocket> sockets);

    // [control] Routes of plugins; they show when the instance opens.
    sh_status add_websocket(std::shared_ptr<WebSocketRoute> route, sh_handle* out);
    sh_status add_http(std::shared_ptr<HttpRoute> route, sh_handle* out);
    /// Also for the admin listener, which is served elsewhere.
    [[nodiscard]] std::shared_ptr<HttpRoute> find_admin(std::string_view method, std::string_view path,
                                                        int& status) const;

    /// [any] The loop's side, or nullptr.
    [[nodiscard]] LoopTransport* loop(std::uint32_t index) const;
    void post(std::uint32_t loop, std::unique_ptr<delivery::LoopMessage> message);
    /// [any] Starts the closing handshake, if the connection is still there.
    void close(net::ConnectionId connection, std::uint16_t code, std::string_view reason);

    /// [control] Graceful end: upgrades are answered 503, clients hear goaway spread over the window, sockets
    /// close with 4000.
    void drain(std::uint32_t window_ms);
    void stop_listening();
    [[nodiscard]] net::ServerCounters& counters() noexcept { return counters_; }
    [[nodiscard]] const TransportOptions& options() const noexcept { return options_; }
    [[nodiscard]] House& house() noexcept { return house_; }
    [[nodiscard]] delivery::LoopStats stats() const;  ///< [worker] summed over the loops

private:
    [[nodiscard]] bool has_path(std::string_view path, std::uint32_t listeners,
                                net::HttpMethods methods) const;
    void distribute();
    void end_route(const std::shared_ptr<WebSocketRoute>& route);
    [[nodiscard]] net::RouteTablePtr build(const ListenerOptions& listener) const;

    House& house_;
    const TransportOptions options_;
    net::ServerCounters counters_;
    std::vector<std::unique_ptr<LoopTransport>> loops_;
    mutable std::mutex routes_mutex_;
    std::vector<std::shared_ptr<WebSocketRoute>>
        websockets_;  // shown ones; guarded by routes_mutex_, as are the following
    std::vector<std::shared_ptr<HttpRoute>> https_;
    std::vector<std::string> taken_;  // also of instances that have not opened yet
};

}  // namespace streamhost::bridge
