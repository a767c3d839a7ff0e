#include "redis/driver/streams.hpp"

#include <algorithm>
#include <utility>

#include "redis/driver/answer.hpp"
#include "redis/driver/lua_scripts.hpp"
#include "redis/driver/records.hpp"
#include "store/validate.hpp"

namespace streamhost::redis {

using store::home_of;
using store::Status;
using store::Submit;

namespace {

constexpr std::size_t kLooksPerWrite = 4;  // at what is kept

// What follows the home in a run's id, dot included; empty for the home itself.
std::string_view member_of(std::string_view id) { return id.substr(home_of(id).size()); }

std::uint64_t data_bytes(std::span<const store::Record> records) {
    std::uint64_t bytes = 0;
    for (const store::Record& record : records)
        bytes += record.data.size();
    return bytes;
}

void add_entries(Call& call, std::span<const store::Entry> entries) {
    for (const store::Entry& entry : entries) {
        const char type = static_cast<char>(entry.type);
        call.arg(std::string_view(&type, 1)).arg(entry.data.view());
    }
}

// Of a command that has its answer still to get, and was not taken again.
Status status_of(Submit refusal) { return refusal == Submit::kGone ? Status::kGone : Status::kUnavailable; }

// {status} or {status, now, fields, user[, job]}
bool fill(store::StreamResult& result, const RespValue& value, store::Position last) {
    const auto status = status_in(value[0]);
    if (!status) return false;
    if (value.size() > 1) {
        const auto fields = parse_fields(value[2].text(), value[1].integer());
        if (!fields) return false;
        result.info = fields->info;
        result.info.user = value[3].text();
        result.job = value[4].text();
    }
    result.status = *status;
    if (*status == Status::kOk || *status == Status::kDuplicate)
        result.last = last.seq == 0 ? result.info.head : last;
    return true;
}

// {status[, user[, first, last, its check[, answer]]]}
bool fill(store::PublishResult& result, const RespValue& value) {
    const auto status = status_in(value[0]);
    if (!status) return false;
    result.user = value[1].text();
    if (value.size() > 2) {
        const auto last =
            store::parse_position(std::to_string(value[3].integer()).append(1, '.').append(value[4].text()));
        if (!last) return false;
        result.first = static_cast<std::uint64_t>(value[2].integer());
        result.last = *last;
        result.answer = value[5].text();
    }
    result.status = *status;
    return true;
}

}  // namespace

Status RedisStreams::foreign(std::string_view command, std::string_view what) {
    context_.report(TroubleKind::kForeign, command, what);
    return Status::kConflict;
}

// `last` is what the caller wrote; nothing: the store numbered it.
ReplyDone RedisStreams::stream_answer(std::string_view command, store::Position last,
                                      store::StreamDone done) {
    return [this, command, last, done = std::move(done)](const Reply& reply) mutable {
        store::StreamResult result;
        result.status = reply.status;
        if (reply.status == Status::kOk && !fill(result, reply.value, last)) {
            result = {};
            result.status = foreign(command, "fields of a stream that cannot be read");
        }
        done(result);
    };
}

ReplyDone RedisStreams::publish_answer(std::string_view command, store::PublishDone done) {
    return [this, command, done = std::move(done)](const Reply& reply) mutable {
        store::PublishResult result;
        result.status = reply.status;
        if (reply.status == Status::kOk && !fill(result, reply.value)) {
            result = {};
            result.status = foreign(command, "a position that cannot be read");
        }
        done(result);
    };
}

template <typename Build>
Submit RedisStreams::run_kept(Status shape, CallOptions options, Keep keep, Build&& build, ReplyDone done) {
    auto kept = std::make_shared<Kept>();
    kept->order = options.order;
    kept->keep = std::move(keep);
    kept->done = std::move(done);
    kept->is_finish = kept->keep.kind == Keep::Kind::kEnd && kept->keep.last == 0;
    kept->only_once = options.only_once = options.only_once || kept->is_finish;
    kept->until_ms = context_.loop().now_ms() + options.timeout_ms;
    const bool is_early = kept->is_finish ? down_since_ms_.has_value() : kept->only_once && !is_settled();
    if (is_early && shape == Status::kOk) {
        kept->call.emplace(build());
        return hold(kept);
    }
    // A publish comes behind an earlier one that waits; else its floor tells whether it has to.
    const bool comes_behind = kept->is_finish
                                  ? repair_.is_under_way(kept->order)
                                  : kept->keep.kind == Keep::Kind::kShared && repair_.is_awaited(kept->order);
    if (comes_behind && shape == Status::kOk) {
        kept->call.emplace(build());
        return repair_first(kept);
    }
    note_repairs(*kept);
    const auto make = [&] { return kept->call.emplace(build()); };
    return context_.run(shape, options, make, [this, kept](const Reply& reply) { settle(kept, reply); });
}

// A master that does not know what an earlier one acknowledged is told, and then asked again.
void RedisStreams::settle(const std::shared_ptr<Kept>& kept, const Reply& reply) {
    const auto status = reply.status == Status::kOk ? status_in(reply.value[0]) : std::nullopt;
    if (!status) {
        // Refused, or all of its time passed: perhaps nobody could give a sign of life meanwhile.
        const bool is_over = is_passing(reply.status) && context_.loop().now_ms() >= kept->until_ms;
        if ((reply.is_refused || is_over) && is_settled()) begin_to_settle();
        if (may_ask_again(*kept, reply.status) && hold(kept) == Submit::kAccepted) return;
        return kept->done(reply);
    }
    const auto fields = parse_fields(reply.value[2].text(), reply.value[1].integer());
    const store::StreamInfo info = fields ? fields->info : store::StreamInfo();
    const bool is_shared = kept->keep.kind == Keep::Kind::kShared;
    const bool knows_better = is_shared ? *status == Status::kGap
                                        : keeper_.knows_better(kept->keep.id, *status, info, keeper_now_ms());
    if (is_shared) kept->call->floor(0);  // again, it takes what is there
    if (knows_better && kept->repairs_left-- > 0) return repeat_repaired(kept);
    // The node that was told of the run may have it yet to tell this master.
    const bool may_come = kept->is_finish && *status == Status::kNoStream && !is_settled();
    if (may_come && hold(kept) == Submit::kAccepted) return;
    if (*status == Status::kOk || *status == Status::kDuplicate) {
        if (kept->keep.kind == Keep::Kind::kClaim) kept->call->arg(info.fence);
        if (kept->is_finish) kept->call->floor(info.head.seq - 1);
        if (is_shared) {
            const auto last = static_cast<std::uint64_t>(reply.value[3].integer());
            kept->call->acknowledged_as(last, reply.value[4].text());
            kept->keep.last = head_after(*kept, *status, last);
            kept->keep.is_behind_all = is_behind_all(*kept, *status);
        }
        keeper_.sweep(keeper_now_ms(), kLooksPerWrite);
        keeper_.acknowledged(kept->order, kept->keep, *kept->call, info, context_.loop().now_ms());
        show_figures();
    }
    kept->done(reply);
}

void RedisStreams::note_repairs(Kept& kept) const {
    if (repair_.is_under_way(kept.order))
        kept.repairs.reset();
    else
        kept.repairs = repair_.begun();
}

// One that was there already stands somewhere; and what is told again while it is under way may come behind
// it, or afterwards: a connection answers before the link counts as up, and that master was told nothing yet.
bool RedisStreams::is_behind_all(const Kept& kept, Status status) const {
    return status == Status::kOk && !down_since_ms_ && kept.repairs == repair_.begun();
}

// A write that is there already says nothing of what came behind it.
std::uint64_t RedisStreams::head_after(const Kept& kept, Status status, std::uint64_t last) const {
    if (status == Status::kOk) return last;
    return std::max(last, keeper_.shared_head(kept.keep.id, keeper_now_ms()));
}

// A connection answers before the link counts as up, and until then the keeper was not told of the outage:
// what it keeps is as old as it was then. Else the first write that is taken would let go what others still
// have to tell.
std::int64_t RedisStreams::keeper_now_ms() const { return down_since_ms_.value_or(context_.loop().now_ms()); }

// Within its deadline, and with a slot like anything else that waits.
Submit RedisStreams::repair_first(const std::shared_ptr<Kept>& kept) {
    if (const Submit slot = context_.admit(); slot != Submit::kAccepted) return slot;
    kept->waits_for_repair = true;
    context_.at(kept->until_ms, [this, weak = std::weak_ptr<Kept>(kept)] {
        const auto late = weak.lock();
        if (!late || !end_repair_wait(*late)) return;
        late->call.reset();  // the repair may go on for long, and still knows of it
        late->done({Status::kTimeout, {}});
    });
    repair_.home(kept->order, [this, kept] {
        if (end_repair_wait(*kept)) repeat(kept);
    });
    return Submit::kAccepted;
}

bool RedisStreams::end_repair_wait(Kept& kept) {
    if (!std::exchange(kept.waits_for_repair, false)) return false;
    context_.release();
    return true;
}

void RedisStreams::repeat_repaired(const std::shared_ptr<Kept>& kept) {
    const Submit wait = repair_first(kept);
    if (wait != Submit::kAccepted) kept->done({status_of(wait), {}});
}

void RedisStreams::repeat(const std::shared_ptr<Kept>& kept) {
    const std::int64_t left_ms = kept->until_ms - context_.loop().now_ms();
    if (left_ms <= 0) return kept->done({Status::kTimeout, {}});
    note_repairs(*kept);
    const CallOptions options{kept->order, static_cast<std::uint32_t>(left_ms), kept->only_once};
    const auto heard = [this, kept](const Reply& reply) { settle(kept, reply); };
    const Submit again = context_.run(
        Status::kOk, options, [&] { return *kept->call; }, heard);
    if (again != Submit::kAccepted) kept->done({status_of(again), {}});
}

void RedisStreams::show_figures() {
    KeeperBoard* const board = context_.keeper_board();
    if (board == nullptr) return;
    board->bytes.store(keeper_.bytes(), std::memory_order_relaxed);
    board->dropped.store(keeper_.dropped(), std::memory_order_relaxed);
}

void RedisStreams::on_link_down() {
    down_since_ms_ = context_.loop().now_ms();
    unsettle();
    repair_.link_down();
}

void RedisStreams::on_link_up() {
    const std::int64_t now_ms = context_.loop().now_ms();
    if (std::exchange(was_up_, true) || settles_at_start_)
        begin_to_settle();
    else
        settled_at(0);
    if (down_since_ms_) keeper_.was_away(*std::exchange(down_since_ms_, std::nullopt), now_ms);
    for (const auto& kept : held_)
        plan_held(look_at_ms(*kept));
    keeper_.sweep(now_ms, SIZE_MAX);
    show_figures();
    repair_.all();
}

Submit RedisStreams::claim(const store::ClaimRequest& request, store::StreamDone done) {
    const auto build = [&] {
        const KeyNames& keys = context_.keys();
        Call call(lua::kClaim);
        call.key(keys.meta(request.id)).key(keys.chunks(request.id)).key(keys.runs(home_of(request.id)));
        call.arg(member_of(request.id)).arg(request.pid).arg(request.lease_ms).arg(request.user);
        call.arg(request.if_missing == store::IfMissing::kCreate ? 1 : 0);
        call.arg(request.access == store::Access::kOwner ? 1 : 0);
        call.arg(context_.limits().home_runs).arg(context_.limits().run_open_ms);
        return call;
    };
    const bool has_rivals = request.rivals == store::Rivals::kPossible;
    return run_kept(check(request), {home_of(request.id), request.timeout_ms, has_rivals},
                    {Keep::Kind::kClaim, std::string(request.id)}, build,
                    stream_answer("claim", {}, std::move(done)));
}

Submit RedisStreams::append(const store::AppendRequest& request, store::StreamDone done) {
    const auto build = [&] {
        const KeyNames& keys = context_.keys();
        const store::Limits& limits = context_.limits();
        const store::Record& first = request.records.front();
        const store::Record& last = request.records.back();
        Call call(lua::kAppend);
        call.key(keys.meta(request.id)).key(keys.chunks(request.id));
        call.key(keys.channel(home_of(request.id))).key(keys.runs(home_of(request.id)));
        call.arg(request.id).arg(member_of(request.id)).arg(request.fence).arg(request.pid);
        call.arg(first.seq).arg(store::check_text(first.prev));
        call.arg(last.seq).arg(store::check_text(last.check));
        call.arg(data_bytes(request.records)).arg(letter_of(request.end_state)).arg(request.lease_ms);
        call.arg(limits.run_entries).arg(limits.run_bytes).arg(limits.run_open_ms).arg(limits.run_ended_ms);
        for (const store::Record& record : request.records)
            add_entry(call, record, request.fence);
        return call;
    };
    const store::Position last =
        request.records.empty() ? store::Position{}
                                : store::Position{request.records.back().seq, request.records.back().check};
    return run_kept(check(request), {home_of(request.id), request.timeout_ms},
                    {request.end_state == store::State::kOpen ? Keep::Kind::kAppend : Keep::Kind::kEnd,
                     std::string(request.id), last.seq},
                    build, stream_answer("append", last, std::move(done)));
}

Submit RedisStreams::renew(const store::RenewRequest& request, store::StreamDone done) {
    const auto build = [&] {
        const KeyNames& keys = context_.keys();
        Call call(lua::kRenew);
        call.key(keys.meta(request.id)).key(keys.chunks(request.id)).key(keys.runs(home_of(request.id)));
        call.arg(member_of(request.id)).arg(request.fence).arg(request.pid).arg(request.lease_ms);
        call.arg(context_.limits().run_open_ms);
        return call;
    };
    return run_kept(check(request), {home_of(request.id), request.timeout_ms},
                    {Keep::Kind::kSign, std::string(request.id)}, build,
                    stream_answer("renew", {}, std::move(done)));
}

Submit RedisStreams::finish(const store::FinishRequest& request, store::StreamDone done) {
    const auto build = [&] {
        const KeyNames& keys = context_.keys();
        Call call(lua::kFinish);
        call.key(keys.meta(request.id)).key(keys.chunks(request.id));
        call.key(keys.channel(home_of(request.id))).key(keys.runs(home_of(request.id)));
        call.arg(request.id).arg(member_of(request.id)).arg(letter_of(request.end_state));
        call.arg(request.data.view()).arg(request.if_fence).arg(context_.limits().run_ended_ms);
        call.floor(0);
        return call;
    };
    return run_kept(check(request), {home_of(request.id), request.timeout_ms},
                    {Keep::Kind::kEnd, std::string(request.id)}, build,
                    stream_answer("finish", {}, std::move(done)));
}

bool RedisStreams::fits_shared(std::span<const store::Entry> entries) const {
    std::uint64_t bytes = 0;
    for (const store::Entry& entry : entries)
        bytes += entry.data.size();
    return entries.size() <= context_.limits().shared_entries && bytes <= context_.limits().shared_bytes;
}

void RedisStreams::add_shared_limits(Call& call) const {
    const store::Limits& limits = context_.limits();
    call.arg(limits.shared_entries).arg(limits.shared_bytes).arg(limits.shared_ms);
}

Submit RedisStreams::publish(const store::PublishRequest& request, store::PublishDone done) {
    const auto build = [&] {
        const KeyNames& keys = context_.keys();
        Call call(lua::kPublish);
        call.key(keys.meta(request.id)).key(keys.chunks(request.id));
        call.key(keys.channel(home_of(request.id))).key(keys.published(request.id));
        call.arg(request.id).arg(request.key).arg(request.user);
        call.arg(request.access == store::Access::kOwner ? 1 : 0);
        add_shared_limits(call);
        call.arg(context_.limits().publish_key_ms).arg(context_.limits().publish_keys);
        call.floor(keeper_.shared_head(request.id, keeper_now_ms()));
        add_entries(call, request.entries);
        return call;
    };
    Status shape = check(request);
    if (shape == Status::kOk && !fits_shared(request.entries)) shape = Status::kTooLarge;
    return run_kept(shape, {home_of(request.id), request.timeout_ms},
                    {Keep::Kind::kShared, std::string(request.id)}, build,
                    publish_answer("publish", std::move(done)));
}

Submit RedisStreams::send(const store::SendRequest& request, store::PublishDone done) {
    const auto build = [&] {
        const KeyNames& keys = context_.keys();
        const store::Limits& limits = context_.limits();
        Call call(lua::kSend);
        call.key(keys.meta(request.home)).key(keys.chunks(request.home)).key(keys.channel(request.home));
        call.key(keys.sent(request.home)).key(keys.meta(request.run)).key(keys.runs(request.home));
        call.arg(request.home).arg(request.key).arg(request.user);
        call.arg(request.access == store::Access::kOwner ? 1 : 0);
        add_shared_limits(call);
        call.arg(limits.send_key_ms).arg(limits.send_keys);
        call.arg(request.content_hash).arg(request.answer).arg(member_of(request.run)).arg(request.job);
        call.arg(limits.home_runs).arg(limits.run_open_ms);
        call.floor(keeper_.shared_head(request.home, keeper_now_ms()));
        add_entries(call, request.entries);
        return call;
    };
    Status shape = check(request);
    if (shape == Status::kOk && !fits_shared(request.entries)) shape = Status::kTooLarge;
    return run_kept(shape, {request.home, request.timeout_ms},
                    {Keep::Kind::kShared, std::string(request.home)}, build,
                    publish_answer("send", std::move(done)));
}

}  // namespace streamhost::redis
