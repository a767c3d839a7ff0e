#include "bridge/loop_transport.hpp"

#include <array>
#include <mutex>
#include <random>
#include <utility>

#include "bridge/delivery_hub.hpp"
#include "bridge/head_fields.hpp"
#include "bridge/http_job.hpp"
#include "bridge/loop_client.hpp"
#include "net/ws_frame.hpp"

namespace streamhost::bridge {

namespace {

constexpr std::size_t kFlushBytes = 256u << 10;  // of one connection in one pass
constexpr std::size_t kFlushReaders = 1'024;     // of one round; the rest goes first in the next
constexpr std::size_t kMaxPieces = 30;
constexpr std::uint32_t kDrainTickMs = 20;
// Clients of a drain leave one after the other, so this only parts those of a tick, and of other loops.
constexpr std::uint32_t kComeBackWithinMs = 500;
// Clients of a route that ends leave all at once: of each loop two hundred come back a second.
constexpr std::size_t kMsForEach = 5;
constexpr std::uint32_t kHousekeepingMs = 1'000;
constexpr const char* kJustOff = "this service was just switched off; try again";

}  // namespace

struct LoopTransport::PublishedStats {
    mutable std::mutex mutex;
    delivery::LoopStats stats;
};

LoopTransport::LoopTransport(TransportHub& hub, std::uint32_t index)
    : hub_(hub),
      index_(index),
      loop_(hub.house().loops.loop(index)),
      reader_options_(hub.options().limits.reader),
      delivery_({index, hub.options().limits.stall_ms}, *hub.house().delivery),
      server_(loop_, index, hub.options().limits.server, hub.counters(), *this),
      published_(std::make_unique<PublishedStats>()) {
    loop_.add_hook(*this);
    delivery_.on_completed([](delivery::Reader& reader, delivery::SubscriptionId) {
        Client& client = *static_cast<Client*>(reader.user());
        if (client.exchange != nullptr) client.connection.close(1000, "the stream has its end");
    });
    on_timer(Housekeeping{});
}

LoopTransport::~LoopTransport() = default;

void LoopTransport::set_limits(const TransportLimits& limits) {
    reader_options_ = limits.reader;
    delivery_.set_stall_ms(limits.stall_ms);
    server_.set_limits(limits.server);
}

net::Outbox& LoopTransport::make_outbox(net::Connection& connection, const net::Endpoint& endpoint) {
    auto& route = *static_cast<WebSocketRoute*>(endpoint.user);
    auto* client =
        new Client{route.shared_from_this(), connection};  // deleted in closed(), which always follows
    connection.set_user(client);
    delivery::Reader& reader = open_reader(*client);
    reader.compress(connection.compression());
    return reader;
}

delivery::Reader& LoopTransport::open_reader(Client& client) {
    client.reader = &delivery_.open(reader_options_, &client);
    hub_.house().delivery->reader_opened(client.connection.id(), client.reader->ref());
    return *client.reader;
}

void LoopTransport::opened(net::Connection& connection, const net::Endpoint& /*endpoint*/,
                           const net::HttpHead& head, std::string_view subprotocol) {
    auto* client = static_cast<Client*>(connection.user());
    const auto& route = static_cast<const WebSocketRoute&>(*client->route);
    sh_websocket_open info{};
    info.struct_size = sizeof(info);
    info.path = bytes(head.path);
    info.query = bytes(head.query);
    info.subprotocol = bytes(subprotocol);
    const HeadFields fields{connection, head};
    info.peer = bytes(fields.peer);
    info.self = &fields;
    info.header = [](const sh_websocket_open* open, const char* name, sh_bytes* out) -> sh_status {
        const auto value = static_cast<const HeadFields*>(open->self)->find(name);
        if (!value) return SH_NOT_FOUND;
        *out = bytes(*value);
        return SH_OK;
    };
    const runtime::RoleScope role = role_of(SH_ON_LOOP(index_));
    control::Instance& instance = *route.instance;
    client->is_open = instance.call("websocket open", [&] {
        client->context =
            route.handler.open(route.handler.self, instance.loop_context(index_), connection.id(), &info);
    });
    if (!client->is_open) close(connection.id(), 1013, kJustOff);
}

void LoopTransport::message(net::Connection& connection, bool binary, std::span<const std::uint8_t> data) {
    const Client& client = *static_cast<Client*>(connection.user());
    if (!client.is_open) return;
    const auto& handler = static_cast<const WebSocketRoute&>(*client.route).handler;
    control::Instance& instance = *client.route->instance;
    const runtime::RoleScope role = role_of(SH_ON_LOOP(index_));
    const bool is_served = instance.call("websocket message", [&] {
        handler.message(handler.self, instance.loop_context(index_), client.context, connection.id(),
                        binary ? 1 : 0, {reinterpret_cast<const char*>(data.data()), data.size()});
    });
    if (!is_served) connection.close(1013, kJustOff);
}

void LoopTransport::closed(net::Connection& connection, std::uint16_t code, std::string_view reason) {
    std::unique_ptr<Client> client(static_cast<Client*>(connection.user()));
    connection.set_user(nullptr);
    if (client->reader != nullptr) {
        hub_.meters().closed(code);
        hub_.house().delivery->reader_closed(connection.id());
        delivery_.close(*std::exchange(client->reader, nullptr));
    }
    if (client->exchange != nullptr && client->exchange->is_opening) {
        client->exchange->end.emplace(code, reason);
        (void)client.release();  // open_exchange() has it
        return;
    }
    if (client->is_open) tell_later({std::move(client), connection.id(), code, std::string(reason)});
}

// The plugin hears of it in a task of its own: a send or close that it makes may be what finds the connection
// dead, and its context must not go away under its feet.
void LoopTransport::tell_later(Ended ended) {
    ended_.push_back(std::move(ended));
    if (loop_.post([this] { tell_ended(); }) != runtime::PostStatus::accepted) tell_ended();
}

void LoopTransport::tell_ended() {
    for (const Ended& ended : std::exchange(ended_, {}))
        tell_last(ended);
}

// open and closed are paired: whoever is still in ended_, or open, when its route ends hears so from
// end_route(), so this is never late.
void LoopTransport::tell_last(const Ended& ended) {
    const ClientRoute& route = *ended.client->route;
    const runtime::RoleScope role = role_of(SH_ON_LOOP(index_));
    route.instance->call("client closed", [&] {
        route.closed(route.self, route.instance->loop_context(index_), ended.client->context, ended.id,
                     ended.code, bytes(ended.reason));
    });
}

void LoopTransport::writable(net::Connection& connection) {
    if (auto* client = static_cast<Client*>(connection.user())) client->reader->writable();
}

void LoopTransport::request(net::Connection& connection, const net::Endpoint& endpoint,
                            const net::HttpHead& head, std::string_view body) {
    if (endpoint.kind == net::Endpoint::Kind::kExchange)
        return open_exchange(connection, endpoint, head, body);
    submit_http(hub_.house(), *this, connection, static_cast<HttpRoute*>(endpoint.user)->shared_from_this(),
                head, body);
}

LoopTransport::Client* LoopTransport::find(net::ConnectionId id) {
    net::Connection* connection = server_.find(id);
    return connection == nullptr ? nullptr : static_cast<Client*>(connection->user());
}

sh_status LoopTransport::send(net::ConnectionId id, bool binary, std::span<const sh_bytes> pieces) {
    Client* client = find(id);
    if (client == nullptr || client->connection.is_closing()) return SH_GONE;
    if (pieces.size() > kMaxPieces || client->exchange != nullptr) return SH_INVALID;
    std::array<delivery::Piece, kMaxPieces + 1> frame;
    std::size_t size = 0;
    for (std::size_t index = 0; index < pieces.size(); ++index) {
        frame[index + 1] = {pieces[index].data, static_cast<std::size_t>(pieces[index].size)};
        size += static_cast<std::size_t>(pieces[index].size);
    }
    const net::WsOpcode opcode = binary ? net::WsOpcode::kBinary : net::WsOpcode::kText;
    if (client->connection.compression() != net::WsCompression::kNone) {
        const auto packed = delivery_.packer().message(opcode, {frame.data() + 1, pieces.size()});
        frame[0] = {packed.data(), packed.size()};
        if (!packed.empty()) return queue(*client, {frame.data(), 1});
    }
    std::array<std::uint8_t, net::kWsMaxServerHeader> header;
    frame[0] = {header.data(), net::ws_write_header(header.data(), opcode, size)};
    return queue(*client, {frame.data(), pieces.size() + 1});
}

sh_status LoopTransport::queue(Client& client, std::span<const delivery::Piece> frame) {
    const net::ConnectionId id = client.connection.id();
    if (client.reader->send(frame) == delivery::SendStatus::kOk) return SH_OK;
    // Full: perhaps only because nothing was flushed in this round yet.
    flush(*client.reader);
    if (find(id) != &client) return SH_GONE;
    if (client.reader->send(frame) == delivery::SendStatus::kOk) return SH_OK;
    client.connection.close(4002, "too slow: answers pile up");
    return SH_BUSY;
}

void LoopTransport::close(net::ConnectionId id, std::uint16_t code, std::string_view reason) {
    if (net::Connection* connection = server_.find(id)) connection->close(code, reason);
}

void LoopTransport::hold(net::ConnectionId id, bool on) {
    Client* client = find(id);
    if (client == nullptr || client->reader == nullptr) return;
    if (on) {
        client->reader->hold();
    } else {
        client->reader->release();
    }
}

void LoopTransport::flush(delivery::Reader& reader) {
    net::Connection& connection = static_cast<Client*>(reader.user())->connection;
    switch (connection.flush(kFlushBytes)) {
    case net::Connection::Flushed::kBlocked:
        hub_.meters().blocked(reader.waiting_bytes());
        return reader.wait_writable();
    case net::Connection::Flushed::kBudget: return reader.writable();
    case net::Connection::Flushed::kAll:
    case net::Connection::Flushed::kGone: return;
    }
}

bool LoopTransport::on_round_end() {
    const auto now_ms = static_cast<std::int64_t>(loop_.now_ms());
    delivery_.set_now(now_ms);
    std::size_t left = std::min(delivery_.dirty_count(), kFlushReaders);
    while (left-- > 0) {
        delivery::Reader* reader = delivery_.next_dirty();
        if (reader == nullptr) break;
        flush(*reader);
    }
    while (delivery::Reader* stalled = delivery_.next_stalled())
        static_cast<Client*>(stalled->user())
            ->connection.close(4002, "too slow: nothing was read for too long");
    if (!delivery_.fresh_times().empty()) measure_delivery();
    delivery_.finish_round();
    return delivery_.dirty_count() > 0;
}

// Once for each stream that went on in this round, not for each of its readers.
void LoopTransport::measure_delivery() {
    const std::int64_t now_ms = hub_.house().clock.wall_ms();
    for (const std::int64_t written_ms : delivery_.fresh_times())
        hub_.meters().delivered(written_ms, now_ms);
}

// A loop at rest has no rounds: without this one a reader that stalls there would be seen by accident only.
void LoopTransport::on_timer(Housekeeping) {
    publish_stats();
    loop_.arm(static_cast<runtime::TimerFor<LoopTransport, Housekeeping>&>(*this), kHousekeepingMs);
}

void LoopTransport::publish_stats() {
    const std::lock_guard lock(published_->mutex);
    published_->stats = delivery_.stats();
}

delivery::LoopStats LoopTransport::stats() const {
    const std::lock_guard lock(published_->mutex);
    return published_->stats;
}

// Spread over the window, so that the other nodes are not hit by all at once. Who has left is served by
// nobody: the moment to come back that each hears of is a near one.
void LoopTransport::drain(std::uint32_t window_ms) {
    leaving_.clear();
    server_.for_each([&](net::Connection& connection) {
        if (connection.is_streaming()) leaving_.push_back(connection.id());
    });
    drain_window_ms_ = window_ms;
    drain_from_ms_ = loop_.now_ms();
    drain_clients_ = leaving_.size();
    on_timer(DrainTick{});
}

// The first one at once, and then at the same rate however few or many there are.
std::size_t LoopTransport::due_to_leave() const {
    const std::uint64_t elapsed_ms = loop_.now_ms() - drain_from_ms_;
    if (elapsed_ms >= drain_window_ms_) return drain_clients_;
    return std::min<std::size_t>(drain_clients_ * elapsed_ms / drain_window_ms_ + 1, drain_clients_);
}

void LoopTransport::on_timer(DrainTick) {
    std::uniform_int_distribution<std::uint32_t> moment(0, std::min(drain_window_ms_, kComeBackWithinMs));
    const std::size_t due = due_to_leave();
    while (!leaving_.empty() && drain_clients_ - leaving_.size() < due) {
        say_goodbye(leaving_.back(), {4000, "this node is going away", moment(random_)});
        leaving_.pop_back();
    }
    if (!leaving_.empty())
        loop_.arm(static_cast<runtime::TimerFor<LoopTransport, DrainTick>&>(*this), kDrainTickMs);
}

void LoopTransport::say_goodbye(net::ConnectionId id, const Farewell& farewell) {
    const Client* client = find(id);
    if (client == nullptr || client->connection.is_closing()) return;
    if (client->is_open) tell_drain(*client->route, client->context, id, farewell.reconnect_after_ms);
    close(id, farewell.code, farewell.reason);
}

void LoopTransport::tell_drain(const ClientRoute& route, void* context, net::ConnectionId id,
                               std::uint32_t reconnect_after_ms) {
    if (route.drain == nullptr) return;
    const runtime::RoleScope role = role_of(SH_ON_LOOP(index_));
    route.instance->call("client drain", [&] {
        route.drain(route.self, route.instance->loop_context(index_), context, id, reconnect_after_ms);
    });
}

void LoopTransport::end_route(const ClientRoute& route, std::uint32_t window_ms) {
    tell_ended();
    std::vector<net::ConnectionId> clients;
    server_.for_each([&](net::Connection& connection) {
        const auto* client = static_cast<Client*>(connection.user());
        if (client != nullptr && client->is_open && client->route.get() == &route)
            clients.push_back(connection.id());
    });
    const std::size_t spread_ms = std::min<std::size_t>(window_ms, clients.size() * kMsForEach);
    std::uniform_int_distribution<std::uint32_t> moment(0, static_cast<std::uint32_t>(spread_ms));
    for (const net::ConnectionId id : clients)
        if (Client* client = find(id)) end_client(*client, id, moment(random_));
}

void LoopTransport::end_client(Client& client, net::ConnectionId id, std::uint32_t reconnect_after_ms) {
    constexpr const char* kReason = "the service here is being switched off or over; try again";
    // From here on the plugin hears from this function alone: what closed() posts would come too late.
    client.is_open = false;
    auto last = std::make_unique<Client>(Client{client.route, client.connection});
    last->context = client.context;
    if (client.reader == nullptr) {
        refuse_exchange(client);
    } else if (!client.connection.is_closing()) {
        tell_drain(*last->route, last->context, id, reconnect_after_ms);
        close(id, 1013, kReason);
    }
    tell_last({std::move(last), id, 1013, kReason});
}

}  // namespace streamhost::bridge
