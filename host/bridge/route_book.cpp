#include "bridge/route_book.hpp"

#include <algorithm>

namespace streamhost::bridge {

namespace {

bool has(std::uint32_t listeners, std::uint32_t one) { return (listeners & one) != 0; }

net::Route as_route(const WebSocketRoute& route, void* handler) {
    return {.path = route.path, .methods = net::only(net::HttpMethod::kGet), .handler = handler};
}

template <typename Route>  // HttpRoute, ExchangeRoute
net::Route as_route(const Route& route, void* handler) {
    return {.path = route.path,
            .match = route.is_prefix ? net::PathMatch::kPrefix : net::PathMatch::kExact,
            .methods = route.methods,
            .handler = handler};
}

bool is_sound(const net::Route& route) {
    net::Router router;
    return router.add(route) == net::RouteAdd::kAdded;
}

std::uint32_t listeners_of(const HttpRoute& route) { return route.listeners; }
std::uint32_t listeners_of(const ExchangeRoute&) { return SH_LISTENER_PUBLIC; }

bool answer_alike(const WebSocketRoute& a, const WebSocketRoute& b) { return a.path == b.path; }
template <typename A, typename B>
bool answer_alike(const A& a, const B& b) {
    return a.path == b.path && a.is_prefix == b.is_prefix && (a.methods & b.methods) != 0 &&
           (listeners_of(a) & listeners_of(b)) != 0;
}
template <typename Route>
bool answer_alike(const WebSocketRoute& a, const Route& b) {
    return a.path == b.path && !b.is_prefix && has(listeners_of(b), SH_LISTENER_PUBLIC) &&
           (b.methods & net::only(net::HttpMethod::kGet)) != 0;
}
template <typename Route>
bool answer_alike(const Route& a, const WebSocketRoute& b) {
    return answer_alike(b, a);
}

// Another generation of the same plugin may have the same path: it is on its way out, or we are.
template <typename Route, typename Other>
bool collide(const Route& route, const Other& known) {
    const bool same_plugin = route.instance->name() == known.instance->name();
    return answer_alike(route, known) && (!same_plugin || route.instance == known.instance);
}

template <typename Entries, typename Route>
bool is_taken(const Entries& entries, const Route& route) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const auto& entry) { return collide(route, *entry.route); });
}

std::unique_ptr<net::Endpoint> endpoint_of(const std::shared_ptr<WebSocketRoute>& route,
                                           const RouteLimits& limits) {
    auto made = std::make_unique<net::Endpoint>();
    made->kind = net::Endpoint::Kind::kWebSocket;
    made->user = route.get();
    made->owner = route;
    for (const std::string& name : route->subprotocols)
        made->subprotocols.push_back(name);
    made->max_message_bytes = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(route->limits.max_message_bytes, limits.max_message_bytes));
    made->heartbeat_ms = std::min(route->limits.heartbeat_ms, limits.heartbeat_ms);
    made->first_message_ms = route->limits.first_message_ms;
    made->too_large_code = static_cast<std::uint16_t>(route->limits.too_large_code);
    return made;
}

std::unique_ptr<net::Endpoint> endpoint_of(const std::shared_ptr<HttpRoute>& route, const RouteLimits&) {
    auto made = std::make_unique<net::Endpoint>();
    made->kind = net::Endpoint::Kind::kHttp;
    made->user = route.get();
    made->owner = route;
    made->max_body_bytes = route->max_body_bytes;
    return made;
}

std::unique_ptr<net::Endpoint> endpoint_of(const std::shared_ptr<ExchangeRoute>& route, const RouteLimits&) {
    auto made = std::make_unique<net::Endpoint>();
    made->kind = net::Endpoint::Kind::kExchange;
    made->user = route.get();
    made->owner = route;
    made->max_body_bytes = route->max_body_bytes;
    made->comment_ms = route->comment_ms;
    return made;
}

constexpr std::string_view kNoWebSocket =
    "WebSocket is switched off on this listener (listeners.*.transports.websocket.enabled)";
constexpr std::string_view kNoHttp =
    "HTTP calls are switched off on this listener (listeners.*.transports.http.enabled)";
constexpr std::string_view kNoCall =
    "HTTP calls are switched off on this listener (listeners.*.transports.http.enabled); server-sent events "
    "are "
    "not: ask with Accept: text/event-stream";
constexpr std::string_view kNoStream =
    "Server-sent events are switched off on this listener (listeners.*.transports.sse.enabled)";

void serve(net::Endpoint& made, const WebSocketRoute&, const ListenerOptions& listener) {
    made.compresses = listener.compression;
    if (listener.websocket) return;
    made.kind = net::Endpoint::Kind::kOff;
    made.off_calls = kNoWebSocket;
}
void serve(net::Endpoint& made, const HttpRoute&, const ListenerOptions& listener) {
    if (listener.http) return;
    made.kind = net::Endpoint::Kind::kOff;
    made.off_calls = kNoHttp;
}
void serve(net::Endpoint& made, const ExchangeRoute& route, const ListenerOptions& listener) {
    made.takes_calls = listener.http;
    made.takes_streams = listener.sse && route.has_streams;
    if (route.has_streams && !listener.sse) made.off_streams = kNoStream;
    if (!listener.http) made.off_calls = made.takes_streams ? kNoCall : kNoHttp;
}

}  // namespace

template <typename Route>
sh_status RouteBook::why_not(const Route& route) const {
    if (!is_sound(as_route(route, nullptr))) return SH_INVALID;
    const bool is_free =
        !is_taken(websockets_, route) && !is_taken(https_, route) && !is_taken(exchanges_, route);
    return is_free ? SH_OK : SH_CONFLICT;
}

sh_status RouteBook::take(const std::shared_ptr<WebSocketRoute>& route) {
    const sh_status status = why_not(*route);
    if (status == SH_OK) websockets_.push_back({route});
    return status;
}

sh_status RouteBook::take(const std::shared_ptr<HttpRoute>& route) {
    const sh_status status = why_not(*route);
    if (status == SH_OK) https_.push_back({route});
    return status;
}

sh_status RouteBook::take(const std::shared_ptr<ExchangeRoute>& route) {
    const sh_status status = why_not(*route);
    if (status == SH_OK) exchanges_.push_back({route});
    return status;
}

void RouteBook::show(const void* route) {
    for (auto& entry : websockets_)
        entry.is_shown |= entry.route.get() == route;
    for (auto& entry : https_)
        entry.is_shown |= entry.route.get() == route;
    for (auto& entry : exchanges_)
        entry.is_shown |= entry.route.get() == route;
}

void RouteBook::drop(const void* route) {
    std::erase_if(websockets_, [&](const auto& entry) { return entry.route.get() == route; });
    std::erase_if(https_, [&](const auto& entry) { return entry.route.get() == route; });
    std::erase_if(exchanges_, [&](const auto& entry) { return entry.route.get() == route; });
}

net::RouteTablePtr RouteBook::table(const ListenerOptions& listener, const RouteLimits& limits) const {
    auto table = std::make_shared<net::RouteTable>();
    const auto add = [&](const auto& route) {
        net::Endpoint* endpoint = table->endpoints.emplace_back(endpoint_of(route, limits)).get();
        serve(*endpoint, *route, listener);
        // Refused as taken: an older generation, which answers no more.
        (void)table->router.add(as_route(*route, endpoint));
    };
    // Newest first: the router keeps the first that it is given.
    for (auto entry = websockets_.rbegin(); entry != websockets_.rend(); ++entry)
        if (entry->is_shown) add(entry->route);
    for (auto entry = https_.rbegin(); entry != https_.rend(); ++entry)
        if (entry->is_shown && has(entry->route->listeners, SH_LISTENER_PUBLIC)) add(entry->route);
    for (auto entry = exchanges_.rbegin(); entry != exchanges_.rend(); ++entry)
        if (entry->is_shown) add(entry->route);
    return table;
}

std::shared_ptr<HttpRoute> RouteBook::find_admin(std::string_view method, std::string_view path,
                                                 int& status) const {
    net::Router router;
    for (auto entry = https_.rbegin(); entry != https_.rend(); ++entry) {
        if (entry->is_shown && has(entry->route->listeners, SH_LISTENER_ADMIN))
            (void)router.add(as_route(*entry->route, entry->route.get()));
    }
    const net::RouteResult found = router.find(method, path);
    status = found.status;
    return found.handler == nullptr ? nullptr : static_cast<HttpRoute*>(found.handler)->shared_from_this();
}

RouteBook::Shown RouteBook::shown() const {
    Shown count;
    for (const auto& entry : websockets_)
        count.websocket += entry.is_shown ? 1 : 0;
    for (const auto& entry : https_)
        count.http += entry.is_shown && has(entry.route->listeners, SH_LISTENER_PUBLIC) ? 1 : 0;
    for (const auto& entry : exchanges_) {
        count.http += entry.is_shown ? 1 : 0;
        count.sse += entry.is_shown && entry.route->has_streams ? 1 : 0;
    }
    return count;
}

}  // namespace streamhost::bridge
