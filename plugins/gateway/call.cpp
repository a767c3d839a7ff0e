#include "call.hpp"

#include <type_traits>
#include <variant>

#include "streamhost/ids.hpp"

#include "client_trace.hpp"
#include "frames.hpp"
#include "history_read.hpp"
#include "problem.hpp"
#include "rates.hpp"
#include "send_message.hpp"

namespace gateway {

using streamhost::Host;
using streamhost::Verb;

namespace {

constexpr std::string_view kAuthenticator = "the authenticator";

sh_result unauthenticated(std::string_view why) {
    sh_result result = Host::make_result(SH_UNAUTHENTICATED);
    streamhost::copy_text(result.detail, why);
    return result;
}

}  // namespace

Call::Call(LoopClients& loop, streamhost::Exchange exchange, Asked asked)
    : loop_(loop), exchange_(exchange), asked_(std::move(asked)), number_(loop.add_call(*this)) {}

Call::~Call() {
    loop_.remove_call(number_, exchange_.id());
    if (asked_.wants_stream) door().services.leave_limits(asked_.address, "", asked_.address_counted_by);
    if (user_counted_by_) door().services.leave_limits("", identity_->user, *user_counted_by_);
}

void Call::begin() {
    if (!door().needs_token) return check();
    if (asked_.token.empty()) return refused(unauthenticated("a token is needed: Authorization: Bearer"));
    door().services.authenticate(target(), asked_.token,
                                 later([](Call& call, const sh_result& result) { call.identified(result); }));
}

void Call::identified(const sh_result& result) {
    if (result.status != SH_OK) return refused(result);
    auto identity = read_identity(streamhost::body_of(result));
    if (!identity) {
        door().host.error("the auth service answered no identity");
        return fail(error_of(Host::make_result(SH_INTERNAL), kAuthenticator));
    }
    if (door().services.has_ended(identity->mark())) return refused(unauthenticated("the token was revoked"));
    identity_ = std::make_shared<const Identity>(*std::move(identity));
    if (asked_.wants_stream) {
        const auto entered = door().services.enter("", identity_->user);
        if (entered.wait_ms > 0) return fail(too_often(entered.wait_ms));
        user_counted_by_ = entered.by;
    }
    check();
}

// Who tries one token after the other is told to wait, like one who says hello again and again.
void Call::refused(const sh_result& result) {
    const sh_rate_subject subject{sizeof(subject), SH_RATE_HELLO, streamhost::bytes(asked_.address), {}, {}};
    const bool is_tried = result.status == SH_UNAUTHENTICATED;
    const std::int64_t wait_ms = is_tried ? door().services.take(subject, 1) : 0;
    fail(wait_ms > 0 ? too_often(wait_ms) : error_of(result, kAuthenticator));
}

bool Call::within_limits(const Request& request) const {
    const Rate rate = rate_of(request);
    if (rate.verb == 0) return true;
    const std::string_view session = streamhost::home_of(need(request).stream);
    const sh_rate_subject subject{sizeof(subject), rate.verb, streamhost::bytes(asked_.address),
                                  streamhost::bytes(identity_->user), streamhost::bytes(session)};
    const std::int64_t wait_ms = door().services.take(subject, rate.cost);
    if (wait_ms > 0) fail(too_often(wait_ms));
    return wait_ms == 0;
}

Call::Need Call::need(const Request& request) const {
    return std::visit(
        [this](const auto& body) -> Need {
            using Body = std::remove_cvref_t<decltype(body)>;
            if constexpr (std::is_same_v<Body, Send>) return {asked_.text.session, Verb::kSend, false};
            if constexpr (std::is_same_v<Body, History>) return {asked_.text.session, Verb::kRead, true};
            if constexpr (std::is_same_v<Body, Cancel>) return {body.run, Verb::kSend, true};
            if constexpr (std::is_same_v<Body, Subscribe>) return {body.stream, Verb::kRead, true};
            if constexpr (std::is_same_v<Body, Append> || std::is_same_v<Body, Claim> ||
                          std::is_same_v<Body, Renew>)
                return {body.stream, Verb::kProduce, false};
            return {};
        },
        request.body);
}

void Call::check() {
    const Request request = loop_.parser.parse(asked_.text.message);
    door().telemetry.request(request.body.index());
    if (const auto* refused = std::get_if<Refused>(&request.body)) return run(*refused);
    if (within_limits(request)) check_owner(need(request));
}

// Whose a home is may change: it is asked for each call, and a grant lets in anyway.
void Call::check_owner(const Need& need) {
    const std::string home(streamhost::home_of(need.stream));
    const bool is_granted = identity_->grants.allows(need.verb, home);
    if (is_granted && need.only_looks) return perform();
    if (!is_granted && !identity_->grants.allows_own(need.verb))
        return fail({.code = "forbidden", .message = "your token does not grant this"});
    Answer answered = later([is_granted](Call& call, const sh_result& result) {
        if (!is_granted && result.status != SH_OK) return call.fail(error_of(result, "the session registry"));
        call.perform();
    });
    if (need.only_looks)
        door().services.look_owner(target(), home, identity_->user, std::move(answered));
    else
        door().services.check_owner(target(), home, identity_->user, std::move(answered));
}

void Call::perform() {
    const Request request = loop_.parser.parse(asked_.text.message);
    std::visit([this](const auto& body) { run(body); }, request.body);
}

void Call::run(const Refused& refused) const { fail({.code = refused.code, .message = refused.message}); }

void Call::run(const Send& send) {
    streamhost::Span span;
    if (door().tracer.is_on()) {
        const auto parent = trace_of_client(send.trace.parent, send.trace.state);
        span = door().tracer.begin("send", SH_SPAN_PRODUCER, parent ? &*parent : nullptr);
        span.set("streamhost.session", asked_.text.session);
    }
    const sh_trace_context trace = span ? span.context()->raw() : sh_trace_context{};
    const sh_chat_send message =
        chat_message(send, asked_.text.session, identity_->user, span ? &trace : nullptr);
    Answer answered = reply(202, "chat", [session = asked_.text.session](const sh_result& result) {
        const bool is_duplicate = (result.flags & SH_RESULT_DUPLICATE) != 0;
        return accepted_frame("", session, streamhost::body_of(result), is_duplicate);
    });
    door().services.send(target(), message, traced(std::move(span), std::move(answered)));
}

void Call::run(const Cancel& cancel) {
    door().services.cancel(target(), cancel.run, identity_->user, cancel.reason,
                           reply(202, "chat", [](const sh_result&) { return ok_frame(""); }));
}

void Call::run(const History& history) {
    if (asked_.text.is_summary) return show_session();
    auto read = std::make_shared<HistoryRead>(
        HistoryRead{.session = asked_.text.session,
                    .scan = HistoryScan(history.before, history.limit),
                    .end_ms = door().host.monotonic_ms() + door().limits.service_timeout_ms});
    read_history(door(), target(), read, later([read](Call& call, const sh_result& result) {
                     if (const auto error = history_error(*read, result)) return call.fail(*error);
                     call.answer(200, history_frame("", read->scan.messages(), read->scan.next_before()));
                 }));
}

void Call::run(const Append& append) {
    const auto appended = [stream = std::string(append.stream)](const sh_result& result) {
        return appended_frame("", stream, result.first, result.last, result.check);
    };
    door().services.append(target(), append, reply(200, kCache, appended));
}

void Call::run(const Claim& claim) {
    const auto claimed = [stream = std::string(claim.stream)](const sh_result& result) {
        return claimed_frame("", stream, result.fence, result.last, result.check);
    };
    door().services.claim(target(), claim.stream, claim.lease_ms, reply(200, kCache, claimed));
}

void Call::run(const Renew& renew) {
    door().services.renew(target(), renew.stream, renew.fence,
                          reply(200, kCache, [](const sh_result&) { return ok_frame(""); }));
}

void Call::answer(std::uint32_t status, std::string body) const {
    exchange_.answer(streamhost::HttpResponse::json(status, std::move(body)).uncached());
}

void Call::fail(std::uint32_t status, const Error& error) const {
    door().telemetry.error(error.code);
    exchange_.answer(problem_response(status == 0 ? http_status(error) : status, error));
}

}  // namespace gateway
