#include "sessions.hpp"

#include <utility>

#include "streamhost/json.hpp"

namespace session {

using streamhost::body_of;
using streamhost::bytes;
using streamhost::Host;
using streamhost::json_string;

namespace {

// Of a question: it says nothing about whom it was asked.
bool is_unanswered(sh_status status) { return status == SH_UNAVAILABLE || status == SH_TIMEOUT; }

}  // namespace

Sessions::Sessions(Host& host, StorePort store, RosterOptions options, streamhost::Lease<sh_pubsub> pubsub,
                   const sh_lease* events, std::optional<Presence> presence)
    : host_(host),
      store_(store),
      websocket_(host.require<sh_websocket_ext>(SH_EXT_WEBSOCKET)),
      kicks_(host, store_, pubsub, events,
             [this](const std::string& session) { return close_all(session, "kicked"); }),
      roster_(options),
      namesake_(options.incarnation, 2 * options.ttl_ms),
      presence_(std::move(presence)),
      local_(host.gauge("sessions", "Sessions with connections", {{"scope", "node"}})),
      known_(host.gauge("sessions", "Sessions with connections", {{"scope", "all"}})),
      connections_(host.gauge("session_connections", "Connections that joined a session")),
      reaped_(host.counter("sessions_reaped_total", "Registrations of dead nodes that were taken away")),
      cleanup_errors_(
          host.counter("session_cleanup_errors_total", "Registrations that could not be cleaned")),
      kicked_(host.counter("session_kicks_total", "Connections that were closed by a kick")),
      forbidden_(host.counter("session_forbidden_total", "Users who asked for what another user owns")),
      believed_(
          host.counter("session_believed_total",
                       "Joins of sessions known here, while the store could not be asked for the owner")),
      namesakes_(host.gauge("node_id_conflict", "1 while another living process has the id of this node")) {}

// ------------------------------------------------------------------------------------------------- owners

void Sessions::ask(const std::shared_ptr<Question>& question) {
    store_.ask_owner(question->home, question->check, [this, question](const sh_result& result) {
        question->check.answered(result.status, body_of(result), result.wait_ms);
        if (question->check.step() != OwnerCheck::Step::kDone) return ask(question);
        if (question->check.result() == SH_FORBIDDEN) forbidden_.add();
        question->verdict(question->check.result());
    });
}

void Sessions::ask_owner(const std::string& home, const std::string& user, OwnerCheck::Wish wish,
                         sh_ticket ticket) {
    if (roster_.is_owner(home, user, host_.monotonic_ms())) return host_.complete(ticket, SH_OK);
    const auto tell = [this, home, user, wish, ticket](sh_status status) {
        if (status == SH_OK && wish == OwnerCheck::Wish::kOwn)
            roster_.note_owner(home, user, host_.monotonic_ms());
        host_.complete(ticket, status, status == SH_FORBIDDEN ? "another user owns this session" : "");
    };
    ask(std::make_shared<Question>(Question{home, OwnerCheck(user, wish), tell}));
}

// -------------------------------------------------------------------------------------------------- joins

void Sessions::refuse(const Request& request, sh_status status) {
    joining_.erase(request->member.connection);
    host_.complete(request->ticket, status,
                   status == SH_FORBIDDEN  ? "the session is another user's"
                   : status == SH_CONFLICT ? "this connection has joined a session already"
                   : status == SH_GONE     ? "the connection closed"
                                           : "the session could not be joined now");
}

void Sessions::join(std::shared_ptr<JoinRequest> request) {
    const Member& member = request->member;
    if (is_closed_)
        return host_.complete(request->ticket, SH_UNAVAILABLE, "this node's registry is stopping");
    if (roster_.has_joined(member.connection) || joining_.contains(member.connection))
        return host_.complete(request->ticket, SH_CONFLICT, "this connection has joined a session already");
    joining_.emplace(member.connection, request);
    if (request->is_granted) return granted(request);
    // Before the store is asked: where the owner's key is gone, asking would make it this user's.
    if (roster_.is_held(member)) return refuse(request, SH_FORBIDDEN);
    ask(std::make_shared<Question>(Question{member.session, OwnerCheck(member.user),
                                            [this, request](sh_status status) { owned(request, status); }}));
}

// Whoever was granted a session is a guest unless it is known to be theirs: they never become its owner here.
void Sessions::granted(const Request& request) {
    auto question = std::make_shared<Question>(
        Question{request->member.session, OwnerCheck(request->member.user, OwnerCheck::Wish::kLook), {}});
    question->verdict = [this, request, asked = question.get()](sh_status status) {
        request->member.is_guest = !asked->check.is_owner();
        owned(request, status == SH_FORBIDDEN ? SH_OK : status);
    };
    ask(question);
}

void Sessions::owned(const Request& request, sh_status status) {
    if (is_unanswered(status) && may_believe(*request)) return admit(request);
    if (status == SH_FORBIDDEN) roster_.refused({request->member.session, request->member.user});
    if (status != SH_OK) return refuse(request, status);
    if (!roster_.has(request->member.session)) return look_up(request);
    request->last_node = host_.node_id();
    request->member.created_ms = roster_.created_ms(request->member.session);
    admit(request);
}

// A page that reloads while the store is away was here a moment ago, with this session.
bool Sessions::may_believe(JoinRequest& request) const {
    if (request.is_granted) return false;  // perhaps another user's session
    Member& member = request.member;
    const auto created = roster_.known_since(member.session, member.user, host_.monotonic_ms());
    if (!created) return false;
    member.created_ms = *created;
    request.last_node = host_.node_id();
    request.is_believed = true;
    return true;
}

// Where it was before. Only a hint for balancers: a store that cannot tell now refuses nobody.
void Sessions::look_up(const Request& request) {
    store_.list_holders(request->member.session, [this, request](const sh_result& result) {
        const Listing listing = result.status == SH_OK ? read_listing(body_of(result)) : Listing();
        request->last_node = listing.last_node;
        request->member.created_ms = created_of(listing.entries, request->member.since_ms);
        admit(request);
    });
}

void Sessions::admit(const Request& request) {
    if (request->has_left) return refuse(request, SH_GONE);
    const Member& member = request->member;
    if (const sh_status status = roster_.join(member); status != SH_OK) return refuse(request, status);
    joining_.erase(member.connection);
    if (request->is_believed) {
        believed_.add();
        roster_.doubt(member.session);
    } else if (!member.is_guest) {
        roster_.note_owner(member.session, member.user, host_.monotonic_ms());
    }
    // They came when the session was nobody's; what is written from now on is not for them.
    for (const sh_connection stranger : roster_.strangers_of(member.session))
        websocket_->close(stranger, kKicked, bytes("the session has an owner now"));
    if (presence_) presence_->came(member.session, roster_.user_of(member.session));
    pump();
    answer_join(*request);
}

void Sessions::answer_join(const JoinRequest& request) {
    const Member& member = request.member;
    const auto body = host_.make_buffer(
        "{\"session\":" + json_string(member.session) + ",\"affinity\":" + json_string(member.session) +
        ",\"created\":" + std::to_string(member.created_ms) +
        ",\"last_node\":" + json_string(request.last_node) + (member.is_guest ? ",\"guest\":true}" : "}"));
    sh_result result = Host::make_result(SH_OK);
    result.body = body.get();
    host_.complete(request.ticket, result);
}

void Sessions::leave(sh_connection connection) {
    if (const auto found = joining_.find(connection); found != joining_.end()) found->second->has_left = true;
    const std::string left = roster_.leave(connection, host_.monotonic_ms());
    if (presence_ && !left.empty()) presence_->went(left, host_.monotonic_ms());
    pump();
}

void Sessions::leave_later(sh_connection connection) {
    if (!departures_.keep({connection})) cleanup_errors_.add();
}

// Posted, not done: behind whatever the queue holds, so that a leave never passes the join of its connection.
void Sessions::tell_departures() {
    std::vector<sh_connection> left = departures_.take();
    if (left.empty()) return;
    const auto leave_all = [this, left] {
        for (const sh_connection connection : left)
            leave(connection);
    };
    if (host_.post(SH_ON_STORE, leave_all) != SH_OK && !departures_.keep(left)) cleanup_errors_.add();
}

// The store is back: it is asked what could not be asked before, a window at a time, until it fails again.
void Sessions::ask_believed() {
    while (is_store_answering_ && !is_closed_ && questions_ < kMaxQuestions) {
        auto claim = roster_.next_claim();
        if (!claim) return;
        ++questions_;
        ask(std::make_shared<Question>(
            Question{claim->session, OwnerCheck(claim->user),
                     [this, claim = *claim](sh_status status) { heard_of_believed(claim, status); }}));
    }
}

void Sessions::heard_of_believed(const Claim& claim, sh_status status) {
    --questions_;
    if (status == SH_OK) {
        roster_.note_owner(claim.session, claim.user, host_.monotonic_ms());
    } else if (status == SH_FORBIDDEN) {
        for (const sh_connection connection : roster_.disown(claim))
            websocket_->close(connection, kKicked, bytes("the session is another user's"));
    } else {
        is_store_answering_ = false;  // until a heartbeat gets through
        roster_.doubt(claim.session);
    }
    ask_believed();
}

// -------------------------------------------------------------------------------------------------- lists

void Sessions::list(const std::string& user, std::uint32_t limit, sh_ticket ticket) {
    store_.list(user, limit, [this, ticket](const sh_result& found) {
        if (found.status != SH_OK) return host_.complete(ticket, found.status, "the store could not list");
        const auto body = host_.make_buffer(show(read_listing(body_of(found)).entries));
        sh_result result = Host::make_result(SH_OK);
        result.body = body.get();
        result.count = found.count;
        result.last = roster_.sessions();
        host_.complete(ticket, result);
    });
}

void Sessions::count(sh_ticket ticket) {
    store_.list("", 1, [this, ticket](const sh_result& found) {
        if (found.status != SH_OK) return host_.complete(ticket, found.status, "the store could not count");
        sh_result result = Host::make_result(SH_OK);
        result.count = found.count;
        result.last = roster_.sessions();
        host_.complete(ticket, result);
    });
}

void Sessions::connections(const std::string& session, sh_ticket ticket) {
    store_.list_holders(session, [this, ticket](const sh_result& found) {
        if (found.status != SH_OK) return host_.complete(ticket, found.status, "the store could not list");
        sh_result result = Host::make_result(SH_OK);
        for (const Registered& entry : read_listing(body_of(found)).entries)
            result.count += entry.connections;
        host_.complete(ticket, result);
    });
}

void Sessions::nodes(sh_ticket ticket) {
    store_.list_nodes([this, ticket](const sh_result& found) {
        if (found.status != SH_OK)
            return host_.complete(ticket, found.status, "the store could not list nodes");
        const auto body = host_.make_buffer(show_nodes(body_of(found)));
        sh_result result = Host::make_result(SH_OK);
        result.body = body.get();
        host_.complete(ticket, result);
    });
}

// -------------------------------------------------------------------------------------------------- kicks

std::size_t Sessions::close_all(const std::string& session, std::string_view reason) {
    const auto connections = roster_.connections_of(session);
    for (const sh_connection connection : connections)
        websocket_->close(connection, kKicked, bytes(reason));
    kicked_.add(static_cast<double>(connections.size()));
    return connections.size();
}

// ----------------------------------------------------------------------------------------------- registry

void Sessions::heartbeat() {
    if (is_closed_) return;
    tell_departures();
    kicks_.subscribe();
    roster_.tick(host_.monotonic_ms());
    if (presence_) presence_->tick(host_.monotonic_ms());
    pump();
    // Whose a session is may change under connections that stay for days: keys lapse, stores lose writes.
    if (++beats_ % kBeatsPerCheck == 0) roster_.doubt_all();
    ask_believed();
    count_all();
}

void Sessions::count_all() {
    store_.list("", 1, [this](const sh_result& result) {
        if (result.status == SH_OK) known_.set(static_cast<double>(result.count));
    });
}

void Sessions::pump() {
    if (is_pumping_) return;  // an answer inside the call: the loop below goes on
    is_pumping_ = true;
    while (auto command = roster_.next()) {
        auto sent = std::make_shared<Command>(std::move(*command));
        store_.send(*sent, [this, sent](const sh_result& result) {
            answered(*sent, result);
            pump();
        });
    }
    is_pumping_ = false;
    say_who_is_there();
    show_state();
}

void Sessions::say_who_is_there() {
    if (!presence_ || is_saying_) return;
    is_saying_ = true;
    while (auto entry = presence_->next()) {
        store_.say(*entry, [this, entry = *entry](const sh_result& result) {
            presence_->answered(entry, !is_unanswered(result.status));
            say_who_is_there();
            show_state();
        });
    }
    is_saying_ = false;
}

void Sessions::answered(const Command& command, const sh_result& result) {
    Outcome outcome{result.status, {}, {}};
    if (command.kind == Command::Kind::kRenew && result.status == SH_OK)
        outcome.missing = read_names(body_of(result));
    for (const std::string& session : outcome.missing)
        if (presence_) presence_->was_reaped(session);
    if (command.kind == Command::Kind::kExpire) {
        if (result.status != SH_OK) {
            cleanup_errors_.add();
        } else {
            for (Registered& one : read_listing(body_of(result)).entries) {
                if (presence_) presence_->reaped(one.session, one.node, one.user);
                outcome.lapsed.emplace_back(std::move(one.session), std::move(one.node));
            }
            note_reaped(outcome.lapsed.size());
        }
    }
    roster_.answered(command, outcome, host_.monotonic_ms());
    if (command.kind != Command::Kind::kNodePut || result.status != SH_OK) return;
    look_for_namesake(result);
    is_store_answering_ = true;
    ask_believed();
}

// The one that came later gets no new clients: whoever has been serving goes on.
void Sessions::look_for_namesake(const sh_result& put) {
    namesake_.wrote(incarnation_of(body_of(put)), host_.monotonic_ms());
    const std::string other(namesake_.other());
    if (other.empty() != had_namesake_) return;
    had_namesake_ = !other.empty();
    namesakes_.set(had_namesake_ ? 1 : 0);
    if (!had_namesake_) {
        host_.info("no other living process has the id of this node any more", {{"node", host_.node_id()}});
        return host_.set_health("node_id", SH_HEALTH_OK);
    }
    host_.error(
        "another living process has the id of this node: give one of them a node.id (NODE_ID) of its "
        "own and start it anew",
        {{"node", host_.node_id()}, {"other", other}, {"came", namesake_.is_younger() ? "first" : "later"}});
    host_.set_health("node_id", namesake_.is_younger() ? SH_HEALTH_DOWN : SH_HEALTH_DEGRADED,
                     "another living process has this node.id: " + other);
}

void Sessions::note_reaped(std::size_t count) {
    if (count == 0) return;
    reaped_.add(static_cast<double>(count));
    host_.info("registrations of dead nodes were taken away", {{"count", std::to_string(count)}});
}

void Sessions::show_state() {
    local_.set(static_cast<double>(roster_.sessions()));
    connections_.set(static_cast<double>(roster_.connections()));
    if (is_closed_)
        left_.store(
            static_cast<std::uint32_t>(roster_.unsettled() + (presence_ ? presence_->unsettled() : 0)));
    const bool is_healthy = !roster_.has_lost_store();
    if (is_healthy == was_healthy_ || is_closed_) return;
    was_healthy_ = is_healthy;
    host_.set_health(
        "registry", is_healthy ? SH_HEALTH_OK : SH_HEALTH_DEGRADED,
        is_healthy ? "" : "the store does not take registrations; they are written when it does");
}

void Sessions::close() {
    if (is_closed_) return;
    is_closed_ = true;
    roster_.close(host_.monotonic_ms());
    if (presence_) presence_->close();
    pump();
}

}  // namespace session
