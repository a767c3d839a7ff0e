#include "bridge/transport_hub.hpp"

#include <utility>

#include <unistd.h>

#include "bridge/delivery_hub.hpp"
#include "bridge/loop_transport.hpp"

namespace streamhost::bridge {

TransportHub::TransportHub(House& house, TransportOptions options)
    : house_(house), options_(std::move(options)), meters_(house.metrics) {}
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
    // The readers of the loop that writes the logs are flushed at the end of the same round.
    if (house_.loops.loop(index).in_loop()) return transport->apply(std::move(message));
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

template <typename Call>
void TransportHub::on_each_loop(const Call& call) {
    for (std::uint32_t index = 0; index < loops_.size(); ++index) {
        LoopTransport* transport = loops_[index].get();
        (void)house_.loops.loop(index).post([transport, call] { call(*transport); });
    }
}

// Sockets with a queue each (SO_REUSEPORT) spread the connections by themselves. One that stands alone, as of
// a path, would put all of them on one loop, and where several loops waited for it, most on the same one.
void TransportHub::listen(std::uint32_t listener, std::vector<net::ListenSocket> sockets) {
    const bool is_even = sockets.size() % loops_.size() == 0;
    for (std::size_t index = 0; index < sockets.size(); ++index) {
        LoopTransport* transport = loops_[index % loops_.size()].get();
        (void)transport->server().loop().post([transport, listener, socket = std::move(sockets[index]),
                                               place = is_even ? net::Placement() : in_turn()]() mutable {
            transport->server().listen(listener, std::move(socket), std::move(place));
        });
    }
    is_listening_.store(true);
}

net::Placement TransportHub::in_turn() {
    return [this, next = std::size_t{0}](const net::Accepted& accepted) mutable {
        net::LoopServer& server = loops_[next++ % loops_.size()]->server();
        if (server.loop().in_loop()) return server.adopt(accepted);
        const auto posted = server.loop().post([&server, accepted] { server.adopt(accepted); });
        if (posted != runtime::PostStatus::accepted) ::close(accepted.fd);
    };
}

void TransportHub::set_tls(std::uint32_t listener, const net::TlsServerContextPtr& tls) {
    on_each_loop([listener, tls](LoopTransport& transport) { transport.server().set_tls(listener, tls); });
}

void TransportHub::set_proxies(std::uint32_t listener, const net::ProxyRulesPtr& proxies) {
    on_each_loop(
        [listener, proxies](LoopTransport& transport) { transport.server().set_proxies(listener, proxies); });
}

template <typename Route>
sh_status TransportHub::add(const std::shared_ptr<Route>& route, std::string_view kind, sh_handle* out) {
    const auto change = [this](const auto& body) {
        {
            const std::lock_guard lock(routes_mutex_);
            body();
        }
        distribute();
    };
    {
        const std::lock_guard lock(routes_mutex_);
        if (const sh_status taken = routes_.take(route); taken != SH_OK) return taken;
    }
    const auto added = route->instance->handles().add(
        {kind, [this, change, route] { change([&] { routes_.show(route.get()); }); },
         [this, change, route] {
             change([&] { routes_.drop(route.get()); });
             end_route(route);
         }});
    if (added.handle == 0) {
        const std::lock_guard lock(routes_mutex_);
        routes_.drop(route.get());
        return status_of(added.refusal);
    }
    if (out != nullptr) *out = added.handle;
    return SH_OK;
}

sh_status TransportHub::add_websocket(const std::shared_ptr<WebSocketRoute>& route, sh_handle* out) {
    return add(route, "websocket route", out);
}

sh_status TransportHub::add_http(const std::shared_ptr<HttpRoute>& route, sh_handle* out) {
    return add(route, "http route", out);
}

sh_status TransportHub::add_exchange(const std::shared_ptr<ExchangeRoute>& route, sh_handle* out) {
    return add(route, "exchange route", out);
}

void TransportHub::end_route(const std::shared_ptr<ClientRoute>& route) {
    on_each_loop([route, window_ms = options_.release_window_ms](LoopTransport& transport) {
        transport.end_route(*route, window_ms);
    });
}

std::shared_ptr<HttpRoute> TransportHub::find_admin(std::string_view method, std::string_view path,
                                                    int& status) const {
    const std::lock_guard lock(routes_mutex_);
    return routes_.find_admin(method, path, status);
}

RouteBook::Shown TransportHub::shown() const {
    const std::lock_guard lock(routes_mutex_);
    return routes_.shown();
}

void TransportHub::distribute() {
    for (std::uint32_t listener = 0; listener < options_.listeners.size(); ++listener) {
        net::RouteTablePtr table;
        {
            const std::lock_guard lock(routes_mutex_);
            table = routes_.table(options_.listeners[listener], options_.limits.routes);
        }
        on_each_loop(
            [listener, table](LoopTransport& transport) { transport.server().set_routes(listener, table); });
    }
}

void TransportHub::set_limits(const TransportLimits& limits) {
    options_.limits = limits;
    on_each_loop([limits](LoopTransport& transport) { transport.set_limits(limits); });
    distribute();
}

void TransportHub::drain(std::uint32_t window_ms) {
    counters_.draining.store(true);
    on_each_loop([window_ms](LoopTransport& transport) { transport.drain(window_ms); });
}

void TransportHub::stop_listening() {
    is_listening_.store(false);
    counters_.closing.store(true);
    on_each_loop([](LoopTransport& transport) { transport.server().stop_listening(); });
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
        sum.plain_bytes += one.plain_bytes;
        sum.packed_bytes += one.packed_bytes;
        sum.readers += one.readers;
        sum.cursors += one.cursors;
        sum.views += one.views;
    }
    return sum;
}

}  // namespace streamhost::bridge
