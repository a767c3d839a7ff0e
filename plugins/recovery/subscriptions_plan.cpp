// From a decision to a plan: what is read for it, and the steps that end in the live log.
#include <utility>

#include "join.hpp"
#include "subscriptions.hpp"

namespace recovery {

using streamhost::Batch;
using streamhost::bytes;
using streamhost::Plan;
using streamhost::records_of;

void Subscriptions::nothing(const Ref& subscription) {
    Plan plan(subscription->stream, subscription->request, subscription->stand);
    plan.subscribed(subscription->decision.recovered, subscription->decision.reason);
    plan.caught_up(subscription->stand.head.seq);
    if (has_ended(subscription->stand.state)) {
        plan.end();
    } else {
        plan.join(subscription->stand.head);
    }
    attach(subscription, subscription->stand.head, plan, true);
}

NodeLog Subscriptions::node_log(const Subscription& subscription, std::uint64_t from) const {
    const sh_bytes stream = bytes(subscription.stream);
    sh_log_range range{};
    delivery_->range(host_.raw(), stream, subscription.encoding, &range);
    NodeLog log{.end = range.end, .check_before = {}};
    std::uint64_t check = 0;
    if (delivery_->check_at(host_.raw(), stream, subscription.encoding, from - 1, &check) == SH_OK)
        log.check_before = check;
    return log;
}

bool Subscriptions::replay_from_node(const Ref& subscription, std::uint64_t from) {
    const Subscription& reader = *subscription;
    if (!may_take({.is_attached = reader.is_attached,
                   .is_view_live = reader.is_view_live,
                   .follows_runs = reader.follows_runs,
                   .state = reader.stand.state}))
        return false;
    const NodeLog log = node_log(reader, from);
    if (!serves(log, reader.decision, from, options_.node_entries)) {
        layers_.node_missed.add();
        return false;
    }
    layers_.node_ok.add();
    const std::uint64_t count = log.end.seq + 1 - from;
    entries_.add(static_cast<double>(count));
    subscription->stand.head = log.end;
    Plan plan(reader.stream, reader.request, reader.stand);
    if (!reader.is_attached) plan.subscribed(reader.decision.recovered, reader.decision.reason);
    if (count > 0) plan.log(from, log.end.seq);
    if (!reader.is_caught_up) plan.caught_up(log.end.seq);
    plan.join(log.end);
    attach(subscription, {from - 1, *log.check_before}, plan, true);
    return true;
}

void Subscriptions::replay(const Ref& subscription, std::uint64_t from) {
    if (replay_from_node(subscription, from)) return;
    const sh_range range{sizeof(range), options_.page_entries, from, options_.page_bytes};
    host_.ask(
        SH_ON_STORE, streamcache_, options_.store_timeout_ms,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            table.read(self, bytes(subscription->stream), &range, ticket);
        },
        [this, subscription, from](const sh_result& result) {
            if (!subscription->is_alive) return;
            (result.status == SH_OK ? layers_.store_ok : layers_.store_failed).add();
            if (result.status != SH_OK) return fail(subscription, result.status, result.detail);
            page(subscription, from, result);
        });
}

// result.fence is the check in front of `from`: it proves that the reader and the log agree up to there.
void Subscriptions::page(const Ref& subscription, std::uint64_t from, const sh_result& result) {
    Decision& decision = subscription->decision;
    const bool is_first = !subscription->is_attached;
    if (!is_first && subscription->absence.concerns(result.state)) return vanished(subscription);
    const auto records = records_of(result);
    if (decision.check_before && *decision.check_before != result.fence) {
        // Less than this node saw: as with a position beyond the head.
        const bool is_behind = result.last < subscription->wish.position.seq;
        if (is_first && is_behind && awaited(*subscription).entries) return look_again(subscription);
        decision = is_first ? diverged() : Decision{.act = Act::kSnapshot};
        return take_snapshot(subscription);
    }
    const std::uint64_t found = records.empty() ? from : records.front().seq;
    subscription->stand = {result.first, {result.last, result.check}, result.state};
    if (found > from) {  // trimmed since it was decided
        decision.gap_from = decision.gap_from != 0 ? decision.gap_from : from;
        decision.recovered = false;
        decision.reason = "trimmed";
    }
    const sh_position start{found - 1, records.empty() ? result.fence : records.front().prev};
    const sh_position stop = records.empty() ? start : sh_position{records.back().seq, records.back().check};

    Plan plan(subscription->stream, subscription->request, subscription->stand);
    if (is_first) plan.subscribed(decision.recovered, decision.reason);
    if (decision.gap_from != 0) {
        plan.gap(decision.gap_from, start);
        gaps_.add();
    }
    const Joined joined = join_text(records, options_.joined_bytes);
    plan.records(joined.records);
    entries_.add(static_cast<double>(records.size()));
    bool is_caught_up = subscription->is_caught_up;
    plan.go_on(result, stop, is_caught_up);
    note_runs(*subscription, records);
    attach(subscription, start, plan, is_caught_up);
}

void Subscriptions::take_snapshot(const Ref& subscription) {
    host_.ask(
        SH_ON_STORE, streamcache_, options_.store_timeout_ms,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            table.snapshot(self, bytes(subscription->stream), ticket);
        },
        [this, subscription](const sh_result& result) {
            if (!subscription->is_alive) return;
            (result.status == SH_OK ? layers_.store_ok : layers_.store_failed).add();
            if (result.status != SH_OK) return fail(subscription, result.status, result.detail);
            snapshot(subscription, result);
        });
}

void Subscriptions::snapshot(const Ref& subscription, const sh_result& result) {
    if (subscription->is_attached && subscription->absence.concerns(result.state))
        return vanished(subscription);
    const sh_position at{result.last, result.check};
    const Batch folded = Batch::retain(result.batch);
    subscription->stand.first = result.first;
    subscription->stand.state = result.state;
    note_runs(*subscription, records_of(result));
    // What came while it was folded, the end among it, follows as entries.
    const sh_range range{sizeof(range), options_.page_entries, at.seq + 1, options_.page_bytes};
    host_.ask(
        SH_ON_STORE, streamcache_, options_.store_timeout_ms,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            table.read(self, bytes(subscription->stream), &range, ticket);
        },
        [this, subscription, folded, at](const sh_result& tail) {
            if (!subscription->is_alive) return;
            if (tail.status != SH_OK) return fail(subscription, tail.status, tail.detail);
            snapshot_with_end(subscription, folded, at, tail);
        });
}

void Subscriptions::snapshot_with_end(const Ref& subscription, const Batch& folded, sh_position at,
                                      const sh_result& tail) {
    const auto records = records_of(tail);
    if (tail.fence != at.check) return take_snapshot(subscription);  // rewritten in between: fold again
    subscription->stand = {tail.first, {tail.last, tail.check}, tail.state};
    const sh_position stop = records.empty() ? at : sh_position{records.back().seq, records.back().check};

    Plan plan(subscription->stream, subscription->request, subscription->stand);
    if (!subscription->is_attached)
        plan.subscribed(subscription->decision.recovered, subscription->decision.reason);
    // Of nothing only to those who hold something.
    const bool holds_something = subscription->is_attached || subscription->wish.from == SH_FROM_POSITION;
    if (at.seq > 0 || holds_something) plan.snapshot({folded->records, folded->count}, at);
    const Joined joined = join_text(records, options_.joined_bytes);
    plan.records(joined.records);
    note_runs(*subscription, records);
    bool is_caught_up = subscription->is_caught_up;
    plan.go_on(tail, stop, is_caught_up);
    attach(subscription, {}, plan, is_caught_up);
}

// What the reader holds is not in the store any more: it may be written again, or the reader has to know.
void Subscriptions::vanished(const Ref& subscription) {
    sh_log_range view{};
    delivery_->range(host_.raw(), bytes(subscription->stream), subscription->encoding, &view);
    if (subscription->absence.is_due(host_.monotonic_ms(), options_.beyond_head_ms, view.end))
        return tell_vanished(subscription);
    const auto look = [this, subscription] {
        if (subscription->is_alive) take_snapshot(subscription);
    };
    if (const sh_status status = host_.after(SH_ON_STORE, options_.look_again_ms, look); status != SH_OK)
        fail(subscription, status, "no timer left");
}

// The same that it would hear if it came back with its position now; entries flow should the stream begin
// anew.
void Subscriptions::tell_vanished(const Ref& subscription) {
    subscription->stand = {};
    subscription->decision = {.act = Act::kSnapshot};
    Plan plan(subscription->stream, {}, subscription->stand);
    plan.subscribed(false, "expired");
    plan.snapshot({}, {});
    plan.caught_up(0);
    plan.join({});
    vanished_.add();
    attach(subscription, {}, plan, true);
}

void Subscriptions::attach(const Ref& subscription, sh_position from, Plan& plan, bool is_caught_up) {
    const sh_status status =
        plan.attach(delivery_, host_.raw(), subscription->reader, subscription->encoding, from);
    // The stream's follower went away, replaced by another instance that does not know of us.
    if (status == SH_NOT_FOUND) {
        subscription->is_counted = false;
        const bool is_first = !std::exchange(subscription->is_orphan, true);
        return subscription->is_attached && is_first
                   ? go_on(subscription)
                   : fail(subscription, SH_UNAVAILABLE, "nobody follows the stream");
    }
    if (status != SH_OK) return fail(subscription, status, "the reader took no plan");
    subscription->is_stuck = subscription->is_orphan = false;
    subscription->is_caught_up = is_caught_up;
    subscription->decision.gap_from = 0;
    subscription->absence.planned(subscription->stand.state);
    attached(subscription);
}

}  // namespace recovery
