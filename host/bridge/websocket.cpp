#include <atomic>

#include "bridge/extensions.hpp"
#include "bridge/loop_transport.hpp"

namespace streamhost::bridge {

namespace {

// Connections are named without a host pointer, so that a call costs no more than it must; there is one
// public side in a process.
std::atomic<TransportHub*> the_hub{nullptr};

sh_status add_route(const sh_host* host, const sh_websocket_route* limits,
                    const sh_websocket_handler* handler, sh_handle* out) {
    if (!runtime::check_role(runtime::Role::control, "websocket.add_route")) return SH_WRONG_ROLE;
    if (limits->path == nullptr || limits->path[0] != '/') return SH_INVALID;
    auto route = std::make_shared<WebSocketRoute>();
    route->instance = control::Instance::of(host).shared_from_this();
    route->path = limits->path;
    route->self = handler->self;
    route->closed = handler->closed;
    route->drain = handler->drain;
    for (const char* const* name = limits->subprotocols; name != nullptr && *name != nullptr; ++name)
        route->subprotocols.emplace_back(*name);
    route->limits = *limits;
    route->handler = *handler;
    return house_of(host).transport->add_websocket(std::move(route), out);
}

sh_status send(sh_connection connection, std::uint8_t binary, const sh_bytes* pieces, std::uint32_t count) {
    LoopTransport* loop = loop_here(connection, "websocket.send");
    return loop == nullptr ? static_cast<sh_status>(SH_WRONG_ROLE)
                           : loop->send(connection, binary != 0, {pieces, count});
}

void close(sh_connection connection, std::uint32_t code, sh_bytes reason) {
    if (TransportHub* hub = transport())
        hub->close(connection, static_cast<std::uint16_t>(code), view(reason));
}

void pause(sh_connection connection) {
    LoopTransport* loop = loop_here(connection, "websocket.pause");
    net::Connection* found = loop == nullptr ? nullptr : loop->server().find(connection);
    if (found != nullptr) found->pause();
}

void resume(sh_connection connection) {
    LoopTransport* loop = loop_here(connection, "websocket.resume");
    net::Connection* found = loop == nullptr ? nullptr : loop->server().find(connection);
    if (found != nullptr) found->resume();
}

void hold_streams(sh_connection connection) {
    if (LoopTransport* loop = loop_here(connection, "websocket.hold_streams")) loop->hold(connection, true);
}

void release_streams(sh_connection connection) {
    if (LoopTransport* loop = loop_here(connection, "websocket.release_streams"))
        loop->hold(connection, false);
}

sh_status limits_of(sh_connection connection, sh_websocket_limits* out) {
    if (out->struct_size < sizeof(*out)) return SH_INVALID;
    LoopTransport* loop = loop_here(connection, "limits.websocket");
    if (loop == nullptr) return SH_WRONG_ROLE;
    const net::Connection* found = loop->server().find(connection);
    if (found == nullptr || !found->is_websocket()) return SH_GONE;
    out->heartbeat_ms = found->endpoint()->heartbeat_ms;
    out->message_bytes = found->endpoint()->max_message_bytes;
    return SH_OK;
}

}  // namespace

void set_transport(TransportHub* hub) { the_hub.store(hub, std::memory_order_release); }
TransportHub* transport() { return the_hub.load(std::memory_order_acquire); }

LoopTransport* loop_here(std::uint64_t connection, const char* what) {
    if (!runtime::check_role(runtime::Role::loop, what)) return nullptr;
    if (runtime::thread_role().loop_index != net::loop_of(connection)) return nullptr;
    TransportHub* hub = transport();
    return hub == nullptr ? nullptr : hub->loop(net::loop_of(connection));
}

const sh_websocket_ext& websocket_table() {
    static constexpr sh_websocket_ext kTable = {
        sizeof(sh_websocket_ext), 0, &add_route, &send, &close, &pause, &resume, &hold_streams,
        &release_streams};
    return kTable;
}

const sh_limits_ext& limits_table() {
    static constexpr sh_limits_ext kTable = {sizeof(sh_limits_ext), 0, &limits_of};
    return kTable;
}

}  // namespace streamhost::bridge
