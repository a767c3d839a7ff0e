// From `hello` to `welcome`: the session is joined, what the client names is resumed, the session's stream is
// followed, and only then the socket is read again.
#include <algorithm>

#include <simdjson.h>

#include "streamhost/ids.hpp"

#include "client.hpp"
#include "frames.hpp"

namespace gateway {

using streamhost::bytes;
using streamhost::home_of;

namespace {

struct JoinAnswer {
    std::string session;
    std::string affinity;
};

// Another plugin may have written it, so it is read with a parser.
JoinAnswer read_join(const sh_result& result) {
    JoinAnswer answer;
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view text;
    if (result.body == nullptr ||
        parser.parse(result.body->data, static_cast<std::size_t>(result.body->size)).get(root) !=
            simdjson::SUCCESS)
        return answer;
    if (root["session"].get(text) == simdjson::SUCCESS) answer.session = text;
    if (root["affinity"].get(text) == simdjson::SUCCESS) answer.affinity = text;
    return answer;
}

}  // namespace

void Client::on(const Request& request, const Hello& hello) {
    if (state_ != State::kNew)
        return fail(request.id, {.code = "bad_request",
                                 .message = "a second `hello`; another session is another connection"});
    state_ = State::kOpening;
    has_joined_ = true;
    opening_ = Opening{.id = std::string(request.id), .follow = hello.follow, .resume = {}};
    for (const ResumePoint& point : hello.resume)
        opening_->resume.emplace_back(point.stream, point.after);
    connection_.pause();
    connection_.hold_streams();
    agent_ = hello.client;
    sh_session_join join = registration();
    join.session = bytes(hello.session);
    door().services.join(target(), join,
                         later([](Client& client, const sh_result& result) { client.joined(result); }));
}

sh_session_join Client::registration() const {
    return {sizeof(sh_session_join), 0, connection_.id(), bytes(session_), bytes(user_), bytes(agent_)};
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
    loop_.roll_call.registered(connection_.id());
    affinity_ = answer.affinity.empty() ? session_ : std::move(answer.affinity);
    sh_subscribe wish = subscription(session_, SH_FROM_SNAPSHOT, {});
    // Named streams first: a run that is named must not be followed from its snapshot.
    for (const auto& [stream, after] : opening_->resume) {
        if (stream != session_) {
            resume(stream, after);
            continue;
        }
        wish.from = SH_FROM_POSITION;
        wish.position = after;
    }
    if (opening_->follow) wish.flags = SH_SUBSCRIBE_FOLLOW_RUNS;
    door().services.subscribe(target(), wish,
                              later([](Client& client, const sh_result& stand) { client.opened(stand); }));
}

void Client::resume(const std::string& stream, sh_position after) {
    if (home_of(stream) == session_) return subscribe_resumed(stream, after);
    door().services.check_owner(
        target(), home_of(stream), user_,
        later([stream, after, session = session_](Client& client, const sh_result& result) {
            if (client.session_ != session) return;  // that hello was undone
            if (result.status != SH_OK) return client.resume_failed(stream, result);
            client.subscribe_resumed(stream, after);
        }));
}

void Client::subscribe_resumed(const std::string& stream, sh_position after) {
    door().services.subscribe(target(), subscription(stream, SH_FROM_POSITION, after),
                              later([stream](Client& client, const sh_result& result) {
                                  if (result.status != SH_OK && result.status != SH_CANCELLED)
                                      client.resume_failed(stream, result);
                              }));
}

// There is no request to answer. A client that was promised this stream must not wait for ever: it is told,
// and when trying again can help it is made to.
void Client::resume_failed(const std::string& stream, const sh_result& result) {
    const Error error = error_of(result, "resuming");
    fail("", error, stream);
    if (error.retryable) connection_.close(close_code(error), "a stream could not be resumed; try again");
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
    const sh_host* raw = door().host.raw();
    send(welcome_frame(opening_->id,
                       {.session = session_,
                        .user = user_,
                        .node = door().host.node_id(),
                        .affinity = affinity_,
                        .server = door().host.node().name(raw),
                        .is_degraded = !door().is_store_up.load(std::memory_order_relaxed)},
                       enforced_limits()));
    opening_.reset();
    connection_.release_streams();
    connection_.resume();
}

void Client::refuse_hello(const sh_result& result, std::string_view what) {
    const Error error = error_of(result, what);
    fail(opening_->id, error);
    if (const std::uint32_t code = close_code(error); code != 0) {
        char why[121] = {};
        streamhost::copy_text(why, error.message);
        return connection_.close(code, why);
    }
    if (!session_.empty()) undo_join();
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
}

}  // namespace gateway
