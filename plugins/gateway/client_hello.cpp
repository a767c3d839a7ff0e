// From `hello` to `welcome`: the session is joined, what the client names is resumed, the session's stream is
// followed (client_owed.cpp), and only then the socket is read again.
#include <algorithm>

#include <simdjson.h>

#include "streamhost/ids.hpp"

#include "client.hpp"
#include "frames.hpp"

namespace gateway {

using streamhost::bytes;

namespace {

struct JoinAnswer {
    std::string session;
    std::string affinity;
    bool is_guest = false;
};

// Another plugin may have written it, so it is read with a parser.
JoinAnswer read_join(const sh_result& result) {
    JoinAnswer answer;
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view text;
    const std::string_view body = streamhost::body_of(result);
    if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return answer;
    if (root["session"].get(text) == simdjson::SUCCESS) answer.session = text;
    if (root["affinity"].get(text) == simdjson::SUCCESS) answer.affinity = text;
    if (root["guest"].get(answer.is_guest) != simdjson::SUCCESS) answer.is_guest = false;
    return answer;
}

}  // namespace

void Client::on(const Request& request, const Hello& hello) {
    if (state_ != State::kNew)
        return reject(request.id, {.code = "bad_request",
                                   .message = "a second `hello`; another session is another connection"});
    state_ = State::kOpening;
    opening_ = std::make_unique<Opening>(Opening{.id = std::string(request.id),
                                                 .session = std::string(hello.session),
                                                 .follow = hello.follow,
                                                 .resume = {}});
    for (const ResumePoint& point : hello.resume)
        opening_->resume.emplace_back(point.stream, point.after);
    connection_.pause();
    connection_.hold_streams();
    agent_ = hello.client;
    begin_hello(hello);
    if (!door().needs_token) return ask_to_join();
    authenticate(hello.token.empty() ? std::string_view(token_) : hello.token);
}

void Client::ask_to_join() {
    using streamhost::Verb;
    sh_session_join join = registration();
    join.session = bytes(opening_->session);
    const bool is_granted = identity_->grants.allows(Verb::kRead, opening_->session);
    if (!is_granted && !identity_->grants.allows_own(Verb::kRead))
        return refuse_hello(streamhost::Host::make_result(SH_FORBIDDEN), "the session registry");
    join.flags = is_granted ? std::uint32_t{SH_JOIN_GRANTED} : 0U;
    has_joined_ = true;
    door().services.join(target(), join,
                         later([](Client& client, const sh_result& result) { client.joined(result); }));
}

sh_session_join Client::registration() const {
    const std::uint32_t flags = is_guest_ ? std::uint32_t{SH_JOIN_GRANTED} : 0U;
    return {sizeof(sh_session_join), flags,        connection_.id(), bytes(session_),
            bytes(identity_->user),  bytes(agent_)};
}

void Client::disown() const { connection_.close(4403, "the session is another user's by now"); }

void Client::joined(const sh_result& result) {
    if (result.status != SH_OK) return refuse_hello(result, "the session registry");
    JoinAnswer answer = read_join(result);
    if (!streamhost::is_session_id(answer.session)) {
        door().host.error("the session service answered no session id");
        return refuse_hello(streamhost::Host::make_result(SH_INTERNAL), "the session registry");
    }
    session_ = std::move(answer.session);
    is_guest_ = answer.is_guest;
    loop_.roll_call.registered(connection_.id());
    affinity_ = answer.affinity.empty() ? session_ : std::move(answer.affinity);
    promise();
    for (const OwedStream& owed : Owed(owed_))
        ask_for(owed);
    // What a store that is away makes of it takes seconds, and is known: it stays owed.
    const bool is_away = !door().is_store_up.load(std::memory_order_relaxed);
    if (is_away && door().services.can_welcome()) opened(streamhost::Host::make_result(SH_OK));
}

Limits Client::enforced_limits() const {
    Limits limits = door().limits;
    sh_websocket_limits host{sizeof(host), 0, 0};
    if (door().enforced == nullptr || door().enforced->websocket(connection_.id(), &host) != SH_OK)
        return limits;
    limits.heartbeat_ms = host.heartbeat_ms;
    limits.message_bytes =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(host.message_bytes, limits.message_bytes));
    return limits;
}

void Client::opened(const sh_result& result) {
    if (result.status != SH_OK) return refuse_hello(result, "subscribing");
    state_ = State::kOpen;
    door().telemetry.open_sessions(1);
    const bool is_degraded =
        !door().is_store_up.load(std::memory_order_relaxed) ||
        std::any_of(owed_.begin(), owed_.end(), [](const auto& one) { return one.is_late; });
    if (is_degraded) door().telemetry.degraded();
    const sh_host* raw = door().host.raw();
    send(welcome_frame(opening_->id,
                       {.session = session_,
                        .user = identity_->user,
                        .node = door().host.node_id(),
                        .affinity = affinity_,
                        .server = door().host.node().name(raw),
                        .is_degraded = is_degraded},
                       enforced_limits()));
    end_hello("");
    opening_.reset();
    connection_.release_streams();
    connection_.resume();
}

void Client::refuse_hello(const sh_result& result, std::string_view what) {
    const Error error = error_of(result, what);
    end_hello(error.code);
    fail(opening_->id, error);
    if (const std::uint32_t code = close_code(error); code != 0) {
        char why[121] = {};
        streamhost::copy_text(why, error.message);
        return connection_.close(code, why);
    }
    if (!session_.empty()) undo_join();
    leave_user();  // the next one may be another
    state_ = State::kNew;
    loop_.await_hello(connection_.id());
    has_joined_ = false;
    opening_.reset();
    connection_.release_streams();
    connection_.resume();
}

// The client may say hello again, to another session: neither the registry nor recovery may still count it
// in this one.
void Client::undo_join() {
    loop_.roll_call.remove(connection_.id());
    door().services.leave(connection_.id());
    for (const auto& [stream, after] : opening_->resume)
        door().services.unsubscribe(target(), connection_.id(), stream,
                                    later([](Client& /*client*/, const sh_result& /*result*/) {}));
    session_.clear();
    owed_.clear();
    foreign_streams_.clear();
    asked_ = 0;
    ++hello_;
}

}  // namespace gateway
