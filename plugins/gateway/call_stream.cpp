// GET of a stream: what it holds now, as one answer, or all that comes, as events.
#include "streamhost/json_object.hpp"
#include "streamhost/random.hpp"

#include "call.hpp"
#include "encoder.hpp"
#include "event_encoder.hpp"
#include "frames.hpp"
#include "position.hpp"

namespace gateway {

using streamhost::bytes;

namespace {

constexpr std::uint32_t kRetryMs = 1'000;        // at least, before an event source comes back by itself
constexpr std::uint32_t kRetrySpreadMs = 2'000;  // so that those of a node that died do not come at once

// All readers of one that ended, or whose entries are named, hear no more: coming back would bring nothing.
bool is_over(const sh_result& tail, sh_position held) {
    const bool is_ended = tail.state >= SH_STREAM_COMPLETE;
    return is_ended && tail.last > 0 && held.seq == tail.last && held.check == tail.check;
}

std::string retry_line(std::uint64_t ms) { return "retry: " + std::to_string(ms) + "\n"; }

// The frames of an encoder as members of an array.
class Listed {
public:
    Listed() {
        writer_.struct_size = sizeof(writer_);
        writer_.self = this;
        writer_.frame = [](sh_frame_writer* writer, std::uint64_t, std::uint64_t, const sh_bytes* pieces,
                           std::uint32_t count) {
            std::string& out = static_cast<Listed*>(writer->self)->text_;
            if (!out.empty()) out += ',';
            for (std::uint32_t index = 0; index < count; ++index)
                out += streamhost::view(pieces[index]);
        };
    }
    [[nodiscard]] sh_frame_writer* writer() noexcept { return &writer_; }
    [[nodiscard]] std::string array() const { return "[" + text_ + "]"; }

private:
    sh_frame_writer writer_{};
    std::string text_;
};

}  // namespace

void Call::run(const Subscribe& subscribe) {
    const Place place{std::string(subscribe.stream), subscribe.from, subscribe.after};
    if (asked_.text.is_read) return read(place);
    if (!door().services.can_subscribe())
        return fail(error_of(streamhost::Host::make_result(SH_UNAVAILABLE), "reading streams"));
    door().services.tail(target(), place.stream, later([place](Call& call, const sh_result& result) {
                             call.look_at(place, result);
                         }));
}

Error Call::unknown(const Place& place) const {
    if (place.after.seq == 0) return {.code = "not_found", .message = "nobody has written this stream"};
    return {.code = "not_found", .message = "this stream is not kept any more; start afresh"};
}

void Call::read(const Place& place) {
    const sh_range range{sizeof(range), asked_.text.limit, place.after.seq + 1, 0};
    door().services.read(target(), place.stream, range, door().limits.service_timeout_ms,
                         later([place](Call& call, const sh_result& result) {
                             if (result.status != SH_OK) return call.fail(error_of(result, kCache));
                             call.tell_read(place, result);
                         }));
}

// The reader goes on from what it holds only where that is what the log has.
void Call::tell_read(const Place& place, const sh_result& result) const {
    if (result.state == SH_STREAM_UNKNOWN) return fail(place.after.seq == 0 ? 404 : 410, unknown(place));
    const auto records = streamhost::records_of(result);
    const bool is_trimmed = result.first > place.after.seq + 1;
    const std::uint64_t check = records.empty() ? result.check : records.front().prev;
    const bool is_beyond = records.empty() && result.last != place.after.seq;
    const bool is_other = !is_trimmed && (is_beyond || check != place.after.check);
    Listed entries;
    if (!is_other)
        json_encoder().encode(nullptr, bytes(place.stream), records.data(),
                              static_cast<std::uint32_t>(records.size()), entries.writer());
    sh_position next = is_other ? sh_position{} : place.after;
    if (!is_other && !records.empty()) next = {records.back().seq, records.back().check};
    streamhost::JsonObject body;
    body.text("stream", place.stream).number("first", result.last == 0 ? 0 : result.first);
    body.number("head", result.last).text("state", state_name(result.state, result.last));
    body.boolean("recovered", !is_other && !is_trimmed);
    if (is_other || is_trimmed) body.text("reason", is_other ? "diverged" : "trimmed");
    body.json("entries", entries.array()).text("next", position_text(next));
    body.boolean("more", !is_other && (result.flags & SH_RESULT_MORE) != 0);
    answer(200, body.done());
}

void Call::look_at(const Place& place, const sh_result& tail) {
    if (tail.status != SH_OK) return fail(error_of(tail, kCache));
    const bool is_unknown = tail.state == SH_STREAM_UNKNOWN;
    if (is_unknown && place.after.seq > 0) return fail(410, unknown(place));
    if (is_unknown && !asked_.text.may_wait) return fail(404, unknown(place));
    Place from = place;
    // From a position on, so that one who breaks off before the first entry comes back to the same place.
    if (place.from == SH_FROM_TAIL) from = {place.stream, SH_FROM_POSITION, {tail.last, tail.check}};
    const bool is_named = from.from == SH_FROM_POSITION;
    if (is_named && is_over(tail, from.after)) return static_cast<void>(exchange_.answer({204, {}, {}}));
    begin_stream(from);
}

void Call::begin_stream(const Place& place) {
    if (exchange_.begin() != SH_OK) return;
    is_streaming_ = true;
    loop_.add_reader(exchange_.id(), *this);
    loop_.expiries.set(exchange_.id(), identity_->expires_ms);
    const std::uint64_t retry_ms = kRetryMs + streamhost::random_number() % kRetrySpreadMs;
    exchange_.send(retry_line(retry_ms) + "id: " + position_text(place.after) + "\ndata:\n\n");
    sh_subscribe wish{};
    wish.struct_size = sizeof(wish);
    wish.from = place.from;
    wish.reader = exchange_.id();
    wish.encoding = door().event_encoding;
    wish.stream = bytes(place.stream);
    wish.position = place.after;
    wish.max_streams = 1;
    door().services.subscribe(target(), wish,
                              later([](Call& call, const sh_result& result) { call.stands(result); }));
}

// It said 200 already: why nothing comes stands in an event, and an event source tries again by itself.
void Call::stands(const sh_result& result) const {
    if (result.status == SH_OK) return;
    const Error error = error_of(result, "subscribing");
    end_stream(error, close_code(error));
}

void Call::end_stream(const Error& error, std::uint32_t code) const {
    door().telemetry.error(error.code);
    exchange_.send(event_text("error", error_frame("", error)));
    exchange_.end(code, error.message);
}

void Call::drain(std::uint32_t reconnect_after_ms) const {
    if (!is_streaming_) return;
    exchange_.send(retry_line(reconnect_after_ms) + event_text("goaway", goaway_frame(reconnect_after_ms)));
}

void Call::token_has_expired() const {
    end_stream({.code = "unauthenticated", .message = "the token has expired"}, 4004);
}

void Call::nobody_can_judge() const {
    end_stream(error_of(streamhost::Host::make_result(SH_UNAVAILABLE), "the authenticator"), 1013);
}

void Call::look_at_identity() const {
    const bool is_known = identity_->issued_ms != 0 || !identity_->id.empty() || !identity_->key.empty();
    if (!is_known || !door().services.has_ended(identity_->mark())) return;
    end_stream(
        {.code = "unauthenticated", .message = "the token was revoked, or the rules for tokens changed"},
        4401);
}

void Call::enter_again() {
    const std::uint64_t now = door().services.limiter();
    if (asked_.address_counted_by != now) {
        const auto entered = door().services.enter(asked_.address, "");
        asked_.address_counted_by = entered.wait_ms > 0 ? 0 : entered.by;
    }
    if (user_counted_by_ && *user_counted_by_ != now) {
        const auto entered = door().services.enter("", identity_->user);
        user_counted_by_ = entered.wait_ms > 0 ? 0 : entered.by;
    }
}

}  // namespace gateway
