#include "client.hpp"

#include "streamhost/ids.hpp"

#include "frames.hpp"
#include "history_read.hpp"
#include "send_message.hpp"

namespace gateway {

using streamhost::bytes;
using streamhost::Host;
using streamhost::Verb;

namespace {

std::string say_ok(const std::string& id, const sh_result& /*result*/) { return ok_frame(id); }

}  // namespace

Client::Client(LoopClients& loop, streamhost::Connection connection, std::string address,
               std::uint64_t address_counted_by, std::string token)
    : loop_(loop),
      connection_(connection),
      address_(std::move(address)),
      token_(std::move(token)),
      foreign_streams_(std::size_t{4} * door().limits.streams),
      address_counted_by_(address_counted_by) {
    loop_.add(connection_.id(), *this);
}

Client::~Client() {
    loop_.remove(connection_.id());
    if (state_ == State::kOpen) door().telemetry.open_sessions(-1);
    if (has_joined_) door().services.leave(connection_.id());
    door().services.leave_limits(address_, "", address_counted_by_);
    leave_user();
}

void Client::begin() {
    door().pending.fetch_add(1, std::memory_order_relaxed);
    if (++pending_ == door().limits.pending) connection_.pause();
}

void Client::finish() {
    if (pending_-- == door().limits.pending) connection_.resume();
}

void Client::message(bool is_binary, std::string_view data) {
    if (is_binary) return connection_.close(4400, "binary messages are not part of this protocol");
    handle(data, true);
}

// A message that was put aside comes a second time.
void Client::handle(std::string_view text, bool is_new) {
    text_ = text;
    const Request request = loop_.parser.parse(text);
    if (is_new) {
        door().telemetry.request(request.body.index());
        if (!within_limits(request)) return;
    }
    std::visit([&](const auto& body) { on(request, body); }, request.body);
    text_ = {};
}

void Client::on(const Request& request, const Refused& refused) {
    reject(request.id, {.code = refused.code, .message = refused.message});
}

void Client::on(const Request& request, const Ping& ping) { send(pong_frame(request.id, ping.ts)); }

bool Client::require_open(const Request& request) {
    if (state_ == State::kOpen) return true;
    reject(request.id, {.code = "unauthenticated", .message = "say `hello` first"});
    return false;
}

bool Client::use_or_park(const Request& request, std::string_view stream, streamhost::Verb verb) {
    const std::string_view home = streamhost::home_of(stream);
    const bool is_granted = identity_->grants.allows(verb, home);
    const bool only_looks = verb == Verb::kRead || std::holds_alternative<Cancel>(request.body);
    if (is_granted && only_looks) return true;
    if (!is_granted && !identity_->grants.allows_own(verb)) {
        fail(request.id, {.code = "forbidden", .message = "your token does not grant this"});
        return false;
    }
    const std::int64_t now_ms = door().host.monotonic_ms();
    const bool is_sure = home == session_ && !is_guest_ && !(verb == Verb::kRead && is_owed(home));
    if (is_sure || own_homes_.holds(home, now_ms)) return true;
    if (only_looks && seen_homes_.holds(home, now_ms)) return true;
    if (is_granted && granted_homes_.holds(home, now_ms)) return true;
    connection_.pause();
    // Who writes to a home that is nobody's owns it from then on, also by a grant; and a grant lets in
    // anyway.
    Answer answered = later([home = std::string(home), is_granted, only_looks, id = std::string(request.id),
                             text = std::string(text_)](Client& client, const sh_result& result) {
        client.connection_.resume();
        if (!is_granted && result.status != SH_OK)
            return client.fail(id, error_of(result, "the session registry"));
        AllowedHomes& homes = result.status != SH_OK ? client.granted_homes_
                              : only_looks           ? client.seen_homes_
                                                     : client.own_homes_;
        homes.allow(home, client.door().host.monotonic_ms());
        client.handle(text, false);
    });
    if (only_looks)
        door().services.look_owner(target(), home, identity_->user, std::move(answered));
    else
        door().services.check_owner(target(), home, identity_->user, std::move(answered));
    return false;
}

sh_subscribe Client::subscription(std::string_view stream, std::uint32_t from, sh_position after) const {
    sh_subscribe subscribe{};
    subscribe.struct_size = sizeof(subscribe);
    subscribe.from = from;
    subscribe.reader = connection_.id();
    subscribe.encoding = door().encoding;
    subscribe.stream = bytes(stream);
    subscribe.position = after;
    subscribe.max_streams = door().limits.streams + 1;  // and the session's own
    return subscribe;
}

void Client::on(const Request& request, const Subscribe& subscribe) {
    if (!require_open(request) || !use_or_park(request, subscribe.stream, Verb::kRead)) return;
    sh_subscribe wish = subscription(subscribe.stream, subscribe.from, subscribe.after);
    wish.request = bytes(request.id);
    forget_owed(subscribe.stream);  // asked for anew, and otherwise
    if (subscribe.stream == session_) wish.flags = SH_SUBSCRIBE_FOLLOW_RUNS;
    // `subscribed` is the answer; only a failure is told here.
    Answer answered = later([id = std::string(request.id), stream = std::string(subscribe.stream),
                             grants = asks_for(subscribe.stream)](Client& client, const sh_result& result) {
        if (result.status != SH_OK) client.fail(id, error_of(result, "subscribing"));
        client.asked_for(stream, grants);
    });
    door().services.subscribe(target(), wish,
                              traced(begin_subscribe("subscribe", subscribe.stream), std::move(answered)));
}

void Client::on(const Request& request, const Unsubscribe& unsubscribe) {
    if (!require_open(request)) return;
    const bool was_owed = forget_owed(unsubscribe.stream);
    foreign_streams_.remove(unsubscribe.stream);
    door().services.unsubscribe(target(), connection_.id(), unsubscribe.stream,
                                later([id = std::string(request.id), stream = std::string(unsubscribe.stream),
                                       was_owed](Client& client, const sh_result& result) {
                                    if (result.status != SH_OK && result.status != SH_NOT_FOUND)
                                        client.asks_for(stream);  // it may stand
                                    const bool is_done = was_owed && result.status == SH_NOT_FOUND;
                                    client.answer(id, is_done ? Host::make_result(SH_OK) : result,
                                                  "subscribing", say_ok);
                                }));
}

void Client::on(const Request& request, const Send& send_request) {
    if (!require_open(request) || !use_or_park(request, session_, Verb::kSend)) return;
    streamhost::Span span = begin_send(send_request);
    const sh_trace_context trace = span ? span.context()->raw() : sh_trace_context{};
    const sh_chat_send message =
        chat_message(send_request, session_, identity_->user, span ? &trace : nullptr);
    // A reader must know the run before its first frame.
    connection_.hold_streams();
    Answer answered = later([id = std::string(request.id)](Client& client, const sh_result& result) {
        client.answer(id, result, "chat", [&client](const std::string& asked, const sh_result& sent) {
            const bool is_duplicate = (sent.flags & SH_RESULT_DUPLICATE) != 0;
            return accepted_frame(asked, client.session_, streamhost::body_of(sent), is_duplicate);
        });
        client.connection_.release_streams();
    });
    door().services.send(target(), message, traced(std::move(span), std::move(answered)));
}

void Client::on(const Request& request, const Cancel& cancel) {
    if (!require_open(request) || !use_or_park(request, cancel.run, Verb::kSend)) return;
    door().services.cancel(target(), cancel.run, identity_->user, cancel.reason,
                           reply(request, "chat", say_ok));
}

void Client::on(const Request& request, const Append& append) {
    if (!require_open(request) || !use_or_park(request, append.stream, Verb::kProduce)) return;
    const auto appended = [stream = std::string(append.stream)](const std::string& id,
                                                                const sh_result& result) {
        return appended_frame(id, stream, result.first, result.last, result.check);
    };
    door().services.append(target(), append, reply(request, kCache, appended));
}

void Client::on(const Request& request, const Claim& claim) {
    if (!require_open(request) || !use_or_park(request, claim.stream, Verb::kProduce)) return;
    const auto claimed = [stream = std::string(claim.stream)](const std::string& id,
                                                              const sh_result& result) {
        return claimed_frame(id, stream, result.fence, result.last, result.check);
    };
    door().services.claim(target(), claim.stream, claim.lease_ms, reply(request, kCache, claimed));
}

void Client::on(const Request& request, const Renew& renew) {
    if (!require_open(request) || !use_or_park(request, renew.stream, Verb::kProduce)) return;
    door().services.renew(target(), renew.stream, renew.fence, reply(request, kCache, say_ok));
}

void Client::on(const Request& request, const History& history) {
    if (!require_open(request) || !use_or_park(request, session_, Verb::kRead)) return;
    auto read = std::make_shared<HistoryRead>(
        HistoryRead{.session = session_,
                    .scan = HistoryScan(history.before, history.limit),
                    .end_ms = door().host.monotonic_ms() + door().limits.service_timeout_ms});
    read_history(door(), target(), read,
                 later([read, id = std::string(request.id)](Client& client, const sh_result& result) {
                     if (const auto error = history_error(*read, result)) return client.fail(id, *error);
                     client.send(history_frame(id, read->scan.messages(), read->scan.next_before()));
                 }));
}

void Client::fail(std::string_view id, const Error& error, std::string_view stream) const {
    door().telemetry.error(error.code);
    send(error_frame(id, error, stream));
}

void Client::reject(std::string_view id, const Error& error) {
    fail(id, error);
    if (!patience_.lose(door().host.monotonic_ms()))
        connection_.close(4429, "too many messages that had to be refused");
}

void Client::drain(std::uint32_t reconnect_after_ms) const { send(goaway_frame(reconnect_after_ms)); }

void Client::hello_is_due() const {
    if (state_ == State::kNew) connection_.close(4400, "no `hello` in time");
}

}  // namespace gateway
