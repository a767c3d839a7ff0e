#include "bridge/transport_hub.hpp"

#include <algorithm>
#include <utility>

#include "bridge/delivery_hub.hpp"
#include "bridge/loop_transport.hpp"

namespace streamhost::bridge {

namespace {

// For the router: handler is the route itself, so one request needs one look-up.
void add_to(net::RouteTable& table, const net::Route& route) {
    // The hub refused doubles already; a path that the router does not take was refused at registration, too.
    (void)table.router.add(route);
}

bool has(std::uint32_t listeners, std::uint32_t one) { return (listeners & one) != 0; }

}  // namespace

TransportHub::TransportHub(House& house, TransportOptions options)
    : house_(house), options_(std::move(options)) {}
TransportHub::~TransportHub() = default;

void TransportHub::create() {
    for (std::uint32_t index = 0; index < house_.loops.size(); ++index)
        loops_.push_back(std::make_unique<LoopTransport>(*this, index));
    distribute();
}

LoopTransport* TransportHub::loop(std::uint32_t index) const {
    return index < loops_.size() ? loops_[index].get() : nullptr;
}

void TransportHub::post(std::uint32_t index, std::unique_ptr<delivery::LoopMessage> message) {
    LoopTransport* transport = loop(index);
    (void)house_.loops.loop(index).post(
        [transport, held = std::move(message)]() mutable { transport->apply(std::move(held)); });
}

void TransportHub::close(net::ConnectionId connection, std::uint16_t code, std::string_view reason) {
    LoopTransport* transport = loop(net::loop_of(connection));
    if (transport == nullptr) return;
    if (transport->server().loop().in_loop()) return transport->close(connection, code, reason);
    (void)transport->server().loop().post([transport, connection, code, text = std::string(reason)] {
        transport->close(connection, code, text);
    });
}

void TransportHub::listen(std::uint32_t listener, std::vector<net::ListenSocket> sockets) {
    for (std::uint32_t index = 0; index < loops_.size(); ++index) {
        LoopTransport* transport = loops_[index].get();
        (void)house_.loops.loop(index).post(
            [transport, listener, socket = std::move(sockets[index])]() mutable {
                transport->server().listen(listener, std::move(socket));
            });
    }
    distribute();
}

bool TransportHub::has_path(std::string_view path, std::uint32_t listeners, net::HttpMethods methods) const {
    const auto collides = [&](const std::string& known) { return known == path; };
    if (methods == 0)
        return std::any_of(taken_.begin(), taken_.end(),
                           [&](const std::string& known) { return collides(known); });
    return std::any_of(https_.begin(), https_.end(), [&](const auto& route) {
        return collides(route->path) && has(route->listeners, listeners) && (route->methods & methods) != 0;
    });
}

sh_status TransportHub::add_websocket(std::shared_ptr<WebSocketRoute> route, sh_handle* out) {
    {
        const std::lock_guard lock(routes_mutex_);
        if (has_path(route->path, SH_LISTENER_PUBLIC, 0)) return SH_CONFLICT;
        taken_.push_back(route->path);
    }
    const auto added = route->instance->handles().add({"websocket route",
                                                       [this, route] {
                                                           {
                                                               const std::lock_guard lock(routes_mutex_);
                                                               websockets_.push_back(route);
                                                           }
                                                           distribute();
                                                       },
                                                       [this, route] {
                                                           {
                                                               const std::lock_guard lock(routes_mutex_);
                                                               std::erase(websockets_, route);
                                                               std::erase(taken_, route->path);
                                                           }
                                                           distribute();
                                                           end_route(route);
                                                       }});
    if (added.handle == 0) return status_of(added.refusal);
    if (out != nullptr) *out = added.handle;
    return SH_OK;
}

sh_status TransportHub::add_http(std::shared_ptr<HttpRoute> route, sh_handle* out) {
    {
        const std::lock_guard lock(routes_mutex_);
        if (has_path(route->path, route->listeners, route->methods)) return SH_CONFLICT;
    }
    const auto added = route->instance->handles().add({"http route",
                                                       [this, route] {
                                                           {
                                                               const std::lock_guard lock(routes_mutex_);
                                                               https_.push_back(route);
                                                           }
                                                           distribute();
                                                       },
                                                       [this, route] {
                                                           {
                                                               const std::lock_guard lock(routes_mutex_);
                                                               std::erase(https_, route);
                                                           }
                                                           distribute();
                                                       }});
    if (added.handle == 0) return status_of(added.refusal);
    if (out != nullptr) *out = added.handle;
    return SH_OK;
}

net::RouteTablePtr TransportHub::build(const ListenerOptions& listener) const {
    auto table = std::make_shared<net::RouteTable>();
    const auto endpoint = [&]() -> net::Endpoint& {
        return *table->endpoints.emplace_back(std::make_unique<net::Endpoint>());
    };
    for (const auto& route : websockets_) {
        if (!listener.websocket) continue;
        net::Endpoint& made = endpoint();
        made.kind = net::Endpoint::Kind::kWebSocket;
        made.user = route.get();
        made.owner = route;
        for (const std::string& name : route->subprotocols)
            made.subprotocols.push_back(name);
        made.max_message_bytes =
            std::min(static_cast<std::uint32_t>(route->limits.max_message_bytes), options_.max_message_bytes);
        made.heartbeat_ms = route->limits.heartbeat_ms;
        made.first_message_ms = route->limits.first_message_ms;
        made.too_large_code = static_cast<std::uint16_t>(route->limits.too_large_code);
        add_to(*table, {.path = route->path, .methods = net::only(net::HttpMethod::kGet), .handler = &made});
    }
    for (const auto& route : https_) {
        if (!listener.http || !has(route->listeners, SH_LISTENER_PUBLIC)) continue;
        net::Endpoint& made = endpoint();
        made.kind = net::Endpoint::Kind::kHttp;
        made.user = route.get();
        made.owner = route;
        made.max_body_bytes = route->max_body_bytes;
        add_to(*table, {.path = route->path,
                        .match = route->is_prefix ? net::PathMatch::kPrefix : net::PathMatch::kExact,
                        .methods = route->methods,
                        .handler = &made});
    }
    return table;
}

void TransportHub::end_route(const std::shared_ptr<WebSocketRoute>& route) {
    for (std::uint32_t index = 0; index < loops_.size(); ++index) {
        LoopTransport* transport = loops_[index].get();
        (void)house_.loops.loop(index).post([transport, route] { transport->end_route(*route); });
    }
}

void TransportHub::distribute() {
    for (std::uint32_t listener = 0; listener < options_.listeners.size(); ++listener) {
        net::RouteTablePtr table;
        {
            const std::lock_guard lock(routes_mutex_);
            table = build(options_.listeners[listener]);
        }
        for (std::uint32_t index = 0; index < loops_.size(); ++index) {
            LoopTransport* transport = loops_[index].get();
            (void)house_.loops.loop(index).post(
                [transport, listener, table] { transport->server().set_routes(listener, table); });
        }
    }
}

std::shared_ptr<HttpRoute> TransportHub::find_admin(std::string_view method, std::string_view path,
                                                    int& status) const {
    const std::lock_guard lock(routes_mutex_);
    net::Router router;
    for (const auto& route : https_) {
        if (!has(route->listeners, SH_LISTENER_ADMIN)) continue;
        (void)router.add({.path = route->path,
                          .match = route->is_prefix ? net::PathMatch::kPrefix : net::PathMatch::kExact,
                          .methods = route->methods,
                          .handler = route.get()});
    }
    const net::RouteResult found = router.find(method, path);
    status = found.status;
    return found.handler == nullptr ? nullptr : static_cast<HttpRoute*>(found.handler)->shared_from_this();
}

void TransportHub::drain(std::uint32_t window_ms) {
    counters_.draining.store(true);
    for (std::uint32_t index = 0; index < loops_.size(); ++index) {
        LoopTransport* transport = loops_[index].get();
        (void)house_.loops.loop(index).post([transport, window_ms] { transport->drain(window_ms); });
    }
}

void TransportHub::stop_listening() {
    for (std::uint32_t index = 0; index < loops_.size(); ++index) {
        LoopTransport* transport = loops_[index].get();
        (void)house_.loops.loop(index).post([transport] { transport->server().stop_listening(); });
    }
}

delivery::LoopStats TransportHub::stats() const {
    delivery::LoopStats sum;
    for (const auto& transport : loops_) {
        const delivery::LoopStats one = transport->stats();
        sum.frames += one.frames;
        sum.bytes += one.bytes;
        sum.fell_off += one.fell_off;
        sum.completed += one.completed;
        sum.overflow += one.overflow;
        sum.readers += one.readers;
        sum.cursors += one.cursors;
        sum.views += one.views;
    }
    return sum;
}

}  // namespace streamhost::bridge
