// Glue: the table of svc/session.h and the life cycle on one side, Sessions on the store loop on the other.
#include "session_plugin.hpp"

#include <utility>

namespace session {

namespace {

constexpr std::int64_t kPresenceLingerMs = 5'000;  // a reload, a change of networks

}  // namespace

using streamhost::answered;
using streamhost::Failure;

const sh_session SessionPlugin::kTable = {sizeof(sh_session),
                                          0,
                                          answered<&SessionPlugin::join>(),
                                          &SessionPlugin::leave,
                                          answered<&SessionPlugin::list>(),
                                          answered<&SessionPlugin::kick>(),
                                          answered<&SessionPlugin::check_owner>(),
                                          answered<&SessionPlugin::count>(),
                                          answered<&SessionPlugin::look_owner>(),
                                          answered<&SessionPlugin::connections>()};
const OperatorTable SessionPlugin::kOperatorTable = {answered<&SessionPlugin::nodes>(),
                                                     answered<&SessionPlugin::list_some>()};
const sh_topic_events SessionPlugin::kKickEvents = {sizeof(sh_topic_events), 0, &SessionPlugin::on_kick};

void SessionPlugin::configure(const streamhost::Config& config) {
    // The lease stands in entries of the store: another one needs another instance.
    if (sessions_ != nullptr) throw Failure(SH_NEEDS_RESTART, "session takes its section at the start");
    heartbeat_ms_ = static_cast<std::uint32_t>(config.integer("heartbeat_ms", heartbeat_ms_));
    ttl_ms_ = static_cast<std::uint32_t>(config.integer("ttl_ms", ttl_ms_));
    presence_ = config.boolean("presence", presence_);
    if (ttl_ms_ < 2 * heartbeat_ms_)
        throw Failure(SH_INVALID,
                      "plugins.session.ttl_ms must be at least twice heartbeat_ms, or one late heartbeat "
                      "makes a live session look dead");
}

std::string SessionPlugin::incarnation() const {
    const sh_node_ext& node = host().node();
    return streamhost::has(node, node.incarnation) ? node.incarnation(host().raw()) : "";
}

void SessionPlugin::start() {
    sessions_ = std::make_unique<Sessions>(
        host(), StorePort(streamhost::Store(host()), {host().node_id(), ttl_ms_}),
        RosterOptions{host().node_id(), ttl_ms_, host().node().name(host().raw()), incarnation()},
        host().acquire<sh_pubsub>(SH_SVC_PUBSUB), host().expose(&kKickEvents, this).get(),
        presence_ ? std::optional<Presence>(std::in_place, host().node_id(), incarnation(), kPresenceLingerMs)
                  : std::nullopt);
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

void SessionPlugin::join(JoinRequest request, sh_ticket ticket) {
    request.ticket = ticket;
    request.member.since_ms = request.member.created_ms = host().wall_ms();
    sessions_->join(std::make_shared<JoinRequest>(std::move(request)));
}

// Nobody would ever say it again: what finds no room is told by the heartbeat.
void SessionPlugin::leave(void* self, sh_connection connection) noexcept {
    of(self).host().guarded(0, [&] {
        auto& plugin = of(self);
        auto& sessions = *plugin.sessions_;
        if (plugin.host().current() == SH_ON_STORE) return sessions.leave(connection);
        const auto leave = [&sessions, connection] { sessions.leave(connection); };
        if (plugin.host().post(SH_ON_STORE, leave) != SH_OK) sessions.leave_later(connection);
    });
}

void SessionPlugin::list(const std::string& user, sh_ticket ticket) { list_some(user, kMaxListed, ticket); }

void SessionPlugin::list_some(const std::string& user, std::uint32_t limit, sh_ticket ticket) {
    sessions_->list(user.empty() ? user : check_user(user), limit, ticket);
}

void SessionPlugin::kick(const std::string& session, sh_ticket ticket) {
    sessions_->kick(check_session(session), ticket);
}

void SessionPlugin::check_owner(const std::string& stream, const std::string& user, sh_ticket ticket) {
    sessions_->ask_owner(check_home(stream), check_user(user), OwnerCheck::Wish::kOwn, ticket);
}

void SessionPlugin::look_owner(const std::string& stream, const std::string& user, sh_ticket ticket) {
    sessions_->ask_owner(check_home(stream), check_user(user), OwnerCheck::Wish::kLook, ticket);
}

void SessionPlugin::count(sh_ticket ticket) { sessions_->count(ticket); }

void SessionPlugin::connections(const std::string& session, sh_ticket ticket) {
    sessions_->connections(check_session(session), ticket);
}

void SessionPlugin::nodes(sh_ticket ticket) { sessions_->nodes(ticket); }

void SessionPlugin::on_kick(void* self, sh_bytes /*topic*/, sh_bytes payload) noexcept {
    of(self).host().guarded(0, [&] { of(self).sessions_->heard_of_kick(streamhost::view(payload)); });
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
      "description": "A registration that was not renewed for so long counts no more, and is taken away by a healthy node after a sixth of that more; at least twice heartbeat_ms, the same on all nodes"},
    "presence": {"type": "boolean", "default": false,
      "description": "Write to a session's stream on which nodes its user is there: an entry of kind presence with the first connection of each node, and five seconds after the last one"}
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
