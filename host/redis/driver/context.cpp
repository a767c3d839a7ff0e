#include "redis/driver/context.hpp"

#include <algorithm>
#include <array>

#include "redis/error_code.hpp"

namespace streamhost::redis {

using store::Status;
using store::Submit;

namespace {

// Of the server's state, not of the command: a script that does not end, a cluster or a replica in between.
bool is_refusal(std::string_view code) {
    constexpr std::array<std::string_view, 6> kCodes = {"BUSY",       "READONLY",    "LOADING",
                                                        "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN"};
    return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

}  // namespace

std::string_view describe(TroubleKind kind) noexcept {
    switch (kind) {
    case TroubleKind::kForeign: return "foreign data under our keys";
    case TroubleKind::kUnexpected: return "an answer of the server that was not expected";
    case TroubleKind::kRefused: return "the server refuses commands";
    case TroubleKind::kWrongType: return "a key of another type stands where ours belongs";
    case TroubleKind::kNoScripts: return "the server's scripts were gone and were sent again";
    }
    return "unknown";
}

Context::Context(RedisStoreOptions options, Port& port, store::StoreLoop& loop, store::LiveSink& sink)
    : options_(std::move(options)),
      keys_(options_.key_prefix, options_.database),
      port_(port),
      loop_(loop),
      sink_(sink) {
    self_ = std::make_shared<Context*>(this);
}

Context::~Context() {
    *self_ = nullptr;
    run_rest();
}

// Whoever destroys a store with open commands breaks the contract; they still get their one answer.
void Context::run_rest() {
    while (!later_.empty()) {
        auto task = std::move(later_.front());
        later_.pop_front();
        task();
    }
}

KeeperOptions Context::keeper_options() const noexcept {
    const store::Limits& limits = options_.limits;
    KeeperOptions options = options_.keeper;
    options.most_ms = std::min({limits.run_ended_ms, limits.publish_key_ms, limits.send_key_ms}) / 2;
    options.window_ms = std::min(options.window_ms, options.most_ms);
    options.per_stream = std::min<std::size_t>(options.per_stream, limits.publish_keys / 2);
    return options;
}

Submit Context::admit() {
    if (closed_) return Submit::kGone;
    if (in_flight_ >= options_.limits.in_flight) {
        ++refused_;
        return Submit::kBusy;
    }
    ++in_flight_;
    return Submit::kAccepted;
}

Submit Context::refuse(Submit submit) noexcept {
    release();
    if (submit == Submit::kBusy) ++refused_;
    return submit;
}

ReplyDone Context::with_slot(ReplyDone done) {
    return [this, done = std::move(done)](const Reply& reply) mutable {
        release();
        done(reply);
    };
}

Submit Context::send_with_slot(CallOptions options, Call call, ReplyDone done) {
    const Submit submit = send(options, std::move(call), with_slot(std::move(done)));
    return submit == Submit::kAccepted ? submit : refuse(submit);
}

Submit Context::ask_port(const CallOptions& options, std::string command, CallDone done) {
    if (options.only_once)
        return port_.call_once(options.order, std::move(command), options.timeout_ms, std::move(done));
    return port_.call(options.order, std::move(command), options.timeout_ms, std::move(done));
}

Submit Context::send(CallOptions options, Call call, ReplyDone done) {
    std::string command = call.by_hash();
    const std::int64_t now_ms = loop_.now_ms();
    Sent sent{std::string(options.order), now_ms, now_ms + options.timeout_ms, options.only_once,
              std::move(call)};
    return ask_port(options, std::move(command),
                    [this, sent = std::move(sent), done = std::move(done)](const CallReply& reply) mutable {
                        on_reply(reply, sent, std::move(done));
                    });
}

// A server that was restarted, flushed, or made the master has no script. The text goes along once then, and
// stays there for those who come later.
void Context::on_reply(const CallReply& reply, const Sent& sent, ReplyDone done) {
    const Script& script = sent.call.script();
    const bool is_unknown = reply.end == CallEnd::kReply && reply.value.is(RespType::kError) &&
                            error_code(reply.value.text()) == "NOSCRIPT";
    if (!is_unknown) {
        if (reply.end == CallEnd::kReply) known_scripts_.insert(&script);
        return give(reply, {script.name, sent.call.key_words(), sent.asked_ms}, std::move(done));
    }
    if (known_scripts_.erase(&script) != 0)
        report(TroubleKind::kNoScripts, "script load", "flushed, restarted, or another master");
    const auto left_ms = std::max<std::int64_t>(1, sent.deadline_ms - loop_.now_ms());
    auto shared = std::make_shared<ReplyDone>(std::move(done));
    const Submit again =
        ask_port({sent.order, static_cast<std::uint32_t>(left_ms), sent.only_once}, sent.call.by_text(),
                 [this, &script, shared, asked_ms = sent.asked_ms,
                  keys = std::string(sent.call.key_words())](const CallReply& second) {
                     give(second, {script.name, keys, asked_ms}, std::move(*shared));
                 });
    if (again == Submit::kAccepted) return;
    (*shared)({again == Submit::kGone ? Status::kGone : Status::kUnavailable, {}});
}

void Context::give(const CallReply& reply, const Question& question, ReplyDone done) {
    const Status status = status_of(reply, question);
    if (status == Status::kExhausted) ++refused_;
    if (options_.on_answer) options_.on_answer(question.command, loop_.now_ms() - question.asked_ms);
    const bool is_refused = status == Status::kUnavailable && reply.end == CallEnd::kReply;
    if (!is_closing_) return done({status, status == Status::kOk ? reply.value : RespValue(), is_refused});
    later([status, done = std::move(done)]() mutable { done({status, {}}); });
}

// kOk for an answer that is no error.
Status Context::status_of(const CallReply& reply, const Question& question) {
    switch (reply.end) {
    case CallEnd::kTimeout: return Status::kTimeout;
    case CallEnd::kUnavailable: return Status::kUnavailable;
    case CallEnd::kClosed: return Status::kGone;
    case CallEnd::kReply: break;
    }
    return reply.value.is(RespType::kError) ? status_of_error(reply.value.text(), question) : Status::kOk;
}

Status Context::status_of_error(std::string_view error, const Question& question) {
    const std::string_view code = error_code(error);
    if (code == "OOM") return Status::kExhausted;
    if (code == "MISCONF" || code == "NOREPLICAS") return Status::kUnavailable;  // the client tells of both
    const bool is_of_wrong_type = code == "WRONGTYPE" || code == "OTHERTYPE";
    if (is_of_wrong_type || code == "FOREIGN") {
        report_foreign(is_of_wrong_type ? TroubleKind::kWrongType : TroubleKind::kForeign, error, question);
        return Status::kConflict;
    }
    report(is_refusal(code) ? TroubleKind::kRefused : TroubleKind::kUnexpected, question.command, error);
    return Status::kUnavailable;
}

// Scripts say what is foreign, and of another type; the server, which says WRONGTYPE, does not: any key of
// the call may be the one.
void Context::report_foreign(TroubleKind kind, std::string_view error, const Question& question) {
    std::string message(error);
    if (error_code(error) == "WRONGTYPE" && !question.keys.empty())
        message.append(" (asked about ").append(key_names(question.keys)).append(")");
    report(kind, question.command, message);
}

void Context::report(TroubleKind kind, std::string_view command, std::string_view message) {
    const std::uint64_t count = ++troubles_[kind];
    if (options_.on_trouble) options_.on_trouble({kind, count, command, message});
}

void Context::later(UniqueFunction<void()> task) {
    later_.push_back(std::move(task));
    if (std::exchange(is_scheduled_, true)) return;
    loop_.post([weak = self_] {
        if (*weak) (*weak)->drain();
    });
}

void Context::at(std::int64_t at_ms, std::function<void()> task) {
    loop_.post_at(at_ms, [weak = self_, task = std::move(task)] {
        if (*weak) task();
    });
}

void Context::answer_later(Status status, ReplyDone done) {
    later([this, status, done = std::move(done)]() mutable {
        release();
        done({status, {}});
    });
}

void Context::drain() {
    is_scheduled_ = false;
    const auto weak = self_;
    for (std::size_t turn = later_.size(); turn > 0; --turn) {
        auto task = std::move(later_.front());
        later_.pop_front();
        task();
        if (!*weak) return;
    }
}

void Context::close() {
    closed_ = true;
    is_closing_ = true;
    port_.close();
    is_closing_ = false;
}

}  // namespace streamhost::redis
