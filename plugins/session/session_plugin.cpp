// Glue: the table of svc/session.h and the life cycle on one side, Sessions on the store loop on the other.
#include "session_plugin.hpp"

#include <algorithm>
#include <utility>

#include "streamhost/ids.hpp"

namespace session {

using streamhost::Failure;
using streamhost::view;

namespace {

constexpr std::size_t kMaxUser = 256;
constexpr std::size_t kMaxClient = 256;

std::string check_user(std::string_view user) {
    const bool is_printable = std::none_of(user.begin(), user.end(), [](char byte) {
        const auto code = static_cast<unsigned char>(byte);
        return code < 0x20 || code == 0x7f || byte == '{' || byte == '}';
    });
    if (user.empty() || user.size() > kMaxUser || !is_printable)
        throw Failure(SH_INVALID, "a user is 1 to 256 bytes without control characters and braces");
    return std::string(user);
}

std::string check_session(std::string_view session) {
    if (!streamhost::is_session_id(session))
        throw Failure(SH_INVALID, "a session id is 1 to 64 of [A-Za-z0-9_-]");
    return std::string(session);
}

}  // namespace

const sh_session SessionPlugin::kTable = {sizeof(sh_session),          0,
                                          &SessionPlugin::join,        &SessionPlugin::leave,
                                          &SessionPlugin::list,        &SessionPlugin::kick,
                                          &SessionPlugin::check_owner, &SessionPlugin::count,
                                          &SessionPlugin::look_owner};
const OperatorTable SessionPlugin::kOperatorTable = {&SessionPlugin::nodes, &SessionPlugin::list_some};
const sh_topic_events SessionPlugin::kKickEvents = {sizeof(sh_topic_events), 0, &SessionPlugin::on_kick};

void SessionPlugin::configure(const streamhost::Config& config) {
    // The lease stands in entries of the store: another one needs another instance.
    if (sessions_ != nullptr) throw Failure(SH_NEEDS_RESTART, "session takes its section at the start");
    heartbeat_ms_ = static_cast<std::uint32_t>(config.integer("heartbeat_ms", heartbeat_ms_));
    ttl_ms_ = static_cast<std::uint32_t>(config.integer("ttl_ms", ttl_ms_));
    if (ttl_ms_ < 2 * heartbeat_ms_)
        throw Failure(SH_INVALID,
                      "plugins.session.ttl_ms must be at least twice heartbeat_ms, or one late heartbeat "
                      "makes a live session look dead");
}

void SessionPlugin::start() {
    const auto* store = host().require<sh_store_ext>(SH_EXT_STORE);
    sessions_ = std::make_unique<Sessions>(
        host(), StorePort(host(), store, {ttl_ms_}),
        RosterOptions{host().node_id(), ttl_ms_, host().node().name(host().raw())},
        host().acquire<sh_pubsub>(SH_SVC_PUBSUB), host().expose(&kKickEvents, this).get());
    host().provide(SH_SVC_SESSION, &kTable, this);
    routes_.add(host(), host().expose(&kTable, this), host().expose(&kOperatorTable, this));
    const auto beat = [this] { sessions_->heartbeat(); };
    if (host().every(SH_ON_STORE, heartbeat_ms_, beat) != SH_OK || host().post(SH_ON_STORE, beat) != SH_OK)
        throw Failure(SH_BUSY, "no timer for the heartbeat of sessions");
}

streamhost::DrainReport SessionPlugin::drain(std::uint32_t /*deadline_ms*/) {
    // A queue that is full now is asked again at the next call.
    if (!told_) told_ = host().post(SH_ON_STORE, [this] { sessions_->close(); }) == SH_OK;
    const std::uint32_t left = sessions_->left();
    return {left, left == 0 ? "" : "sessions are being taken out of the registry"};
}

// Never inside the call, also on the store loop: calls of one connection keep their order.
void SessionPlugin::join(void* self, const sh_session_join* join, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] {
        auto& plugin = of(self);
        if (join->connection == 0) throw Failure(SH_INVALID, "a connection is needed to join");
        auto request = std::make_shared<JoinRequest>();
        request->ticket = ticket;
        request->member = {join->connection,
                           join->session.size == 0 ? random_id() : check_session(view(join->session)),
                           check_user(view(join->user)),
                           std::string(shortened(view(join->client), kMaxClient)),
                           plugin.host().wall_ms(),
                           plugin.host().wall_ms()};
        request->is_granted = (join->flags & SH_JOIN_GRANTED) != 0;
        plugin.host().on_store(ticket, [&plugin, request] { plugin.sessions_->join(request); });
    });
}

void SessionPlugin::leave(void* self, sh_connection connection) noexcept {
    of(self).host().guarded(0, [&] {
        auto& plugin = of(self);
        auto& sessions = *plugin.sessions_;
        if (plugin.host().current() == SH_ON_STORE) return sessions.leave(connection);
        const auto leave = [&sessions, connection] { sessions.leave(connection); };
        if (plugin.host().post(SH_ON_STORE, leave) != SH_OK) sessions.leave_later(connection);
    });
}

void SessionPlugin::list(void* self, sh_bytes user, sh_ticket ticket) noexcept {
    list_some(self, user, kMaxListed, ticket);
}

void SessionPlugin::list_some(void* self, sh_bytes user, std::uint32_t limit, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] {
        auto& plugin = of(self);
        const std::string whose = user.size == 0 ? std::string() : check_user(view(user));
        plugin.host().on_store(
            ticket, [&plugin, whose, limit, ticket] { plugin.sessions_->list(whose, limit, ticket); });
    });
}

void SessionPlugin::kick(void* self, sh_bytes session, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] {
        auto& plugin = of(self);
        const std::string id = check_session(view(session));
        plugin.host().on_store(ticket, [&plugin, id, ticket] { plugin.sessions_->kick(id, ticket); });
    });
}

void SessionPlugin::count(void* self, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] {
        auto& plugin = of(self);
        plugin.host().on_store(ticket, [&plugin, ticket] { plugin.sessions_->count(ticket); });
    });
}

void SessionPlugin::nodes(void* self, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] {
        auto& plugin = of(self);
        plugin.host().on_store(ticket, [&plugin, ticket] { plugin.sessions_->nodes(ticket); });
    });
}

// `session` may be a stream's id: its home is what somebody owns.
template <auto Question>
void SessionPlugin::ask_owner(void* self, sh_bytes session, sh_bytes user, sh_ticket ticket) noexcept {
    of(self).host().guarded(ticket, [&] {
        auto& plugin = of(self);
        const std::string home(streamhost::home_of(view(session)));
        if (!streamhost::is_session_id(home)) throw Failure(SH_INVALID, "no such session or stream id");
        const std::string whose = check_user(view(user));
        plugin.host().on_store(
            ticket, [&plugin, home, whose, ticket] { ((*plugin.sessions_).*Question)(home, whose, ticket); });
    });
}

void SessionPlugin::check_owner(void* self, sh_bytes session, sh_bytes user, sh_ticket ticket) noexcept {
    ask_owner<&Sessions::check_owner>(self, session, user, ticket);
}

void SessionPlugin::look_owner(void* self, sh_bytes session, sh_bytes user, sh_ticket ticket) noexcept {
    ask_owner<&Sessions::look_owner>(self, session, user, ticket);
}

void SessionPlugin::on_kick(void* self, sh_bytes /*topic*/, sh_bytes payload) noexcept {
    of(self).host().guarded(0, [&] { of(self).sessions_->heard_of_kick(view(payload)); });
}

namespace {

constexpr const char* kProvides[] = {SH_SVC_SESSION, nullptr};
constexpr const char* kUses[] = {SH_SVC_PUBSUB, nullptr};
constexpr const char* kSchema = R"({
  "type": "object",
  "properties": {
    "heartbeat_ms": {"type": "integer", "default": 2000, "minimum": 500, "maximum": 600000, "x-unit": "ms",
      "description": "How often this node renews the registrations of its sessions"},
    "ttl_ms": {"type": "integer", "default": 6000, "minimum": 1000, "maximum": 3600000, "x-unit": "ms",
      "description": "A registration that was not renewed for so long counts no more, and is taken away by a healthy node after a sixth of that more; at least twice heartbeat_ms, the same on all nodes"}
  }
})";

}  // namespace
}  // namespace session

STREAMHOST_PLUGIN(session::SessionPlugin,
                  {.name = "session",
                   .version = "1.0.0",
                   .summary = "Which connections of which user belong to which session",
                   .provides = session::kProvides,
                   .uses = session::kUses,
                   .schema = session::kSchema})
