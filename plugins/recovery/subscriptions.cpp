#include "subscriptions.hpp"

#include <algorithm>
#include <utility>

#include "streamhost/json.hpp"

#include "join.hpp"

namespace recovery {

using streamhost::Batch;
using streamhost::bytes;
using streamhost::Host;
using streamhost::Plan;
using streamhost::records_of;
using streamhost::view;

namespace {

bool has_ended(std::uint32_t state) { return state != SH_STREAM_UNKNOWN && state != SH_STREAM_OPEN; }

}  // namespace

Subscriptions::Subscriptions(Host& host, SubscriptionsOptions options,
                             streamhost::Lease<sh_follow_events> events)
    : host_(host),
      delivery_(host.require<sh_delivery_ext>(SH_EXT_DELIVERY)),
      streamcache_(host.acquire<sh_streamcache>(SH_SVC_STREAMCACHE)),
      pubsub_(host.acquire<sh_pubsub>(SH_SVC_PUBSUB)),
      events_(events),
      options_(options),
      seconds_(host.histogram("recovery_seconds", "From subscribe to the plan",
                              {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5})),
      entries_(host.counter("recovered_entries_total", "Entries read for readers that were behind")) {
    for (const char* result :
         {"live", "replayed", "snapshot", "completed", "expired", "unavailable", "error"})
        results_[result] =
            host.counter("recoveries_total", "Subscriptions by what they needed", {{"result", result}});
}

void Subscriptions::subscribe(const streamhost::SubscribeRequest& request, sh_ticket ticket) {
    if (is_closed_) return host_.complete(ticket, SH_UNAVAILABLE);
    Reader& reader = readers_[request.reader];
    reader.max_streams = request.max_streams;
    reader.encoding = request.encoding;
    const auto found = reader.subscriptions.find(request.stream);
    const Ref earlier = found == reader.subscriptions.end() ? nullptr : found->second;
    if (earlier == nullptr && reader.subscriptions.size() >= request.max_streams)
        return host_.complete(ticket, SH_TOO_LARGE,
                              "this connection follows as many streams as it may; unsubscribe one");
    auto subscription = std::make_shared<Subscription>();
    subscription->reader = request.reader;
    subscription->encoding = request.encoding;
    subscription->stream = request.stream;
    subscription->request = request.request;
    subscription->wish = {request.from, request.position};
    subscription->ticket = ticket;
    subscription->follows_runs = (request.flags & SH_SUBSCRIBE_FOLLOW_RUNS) != 0;
    start(subscription);
    if (earlier != nullptr) end(earlier);  // asked anew; after start(), so that the stream stays followed
}

void Subscriptions::start(const Ref& subscription) {
    Reader& reader = readers_[subscription->reader];
    reader.subscriptions[subscription->stream] = subscription;
    reader.seen.insert(subscription->stream);
    ++count_;
    subscription->since_ms = host_.monotonic_ms();
    if (subscription->follows_runs) {
        auto& followers = run_followers_[subscription->stream];
        if (std::find(followers.begin(), followers.end(), subscription->reader) == followers.end())
            followers.push_back(subscription->reader);
    }
    host_.ask(
        SH_ON_STORE, pubsub_, options_.store_timeout_ms,
        [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
            table.follow(self, bytes(subscription->stream), events_.get(), ticket);
        },
        [this, subscription](const sh_result& result) { followed(subscription, result); });
}

void Subscriptions::followed(const Ref& subscription, const sh_result& result) {
    if (!subscription->is_alive) return;
    if (result.status != SH_OK) return fail(subscription, result.status, result.detail);
    subscription->stand = {result.first, {result.last, result.check}, result.state};
    subscription->decision = decide(subscription->wish, subscription->stand, false);
    act(subscription);
}

void Subscriptions::act(const Ref& subscription) {
    const bool is_stale_run = subscription->is_auto && subscription->stand.state == SH_STREAM_UNKNOWN;
    if (is_stale_run) return end(subscription);  // it ended long ago; its text is history
    const Decision& decision = subscription->decision;
    if (decision.act == Act::kReplay &&
        subscription->stand.head.seq > decision.replay_from + options_.snapshot_over)
        subscription->decision.act = Act::kSnapshot;
    switch (decision.act) {
    case Act::kNothing: return nothing(subscription);
    case Act::kReplay: return replay(subscription, decision.replay_from);
    case Act::kSnapshot: return take_snapshot(subscription);
    case Act::kLookAgain: return look_again(subscription);
    }
}

// The reader saw something that the store does not have (yet): a failover under way may still bring it.
void Subscriptions::look_again(const Ref& subscription) {
    const auto look = [this, subscription] {
        if (!subscription->is_alive) return;
        host_.ask(
            SH_ON_STORE, streamcache_, options_.store_timeout_ms,
            [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
                table.tail(self, bytes(subscription->stream), ticket);
            },
            [this, subscription](const sh_result& tail) {
                if (!subscription->is_alive) return;
                if (tail.status != SH_OK) return fail(subscription, tail.status, tail.detail);
                subscription->stand = {tail.first, {tail.last, tail.check}, tail.state};
                const bool has_waited =
                    host_.monotonic_ms() - subscription->since_ms >= options_.beyond_head_ms;
                subscription->decision = decide(subscription->wish, subscription->stand, has_waited);
                act(subscription);
            });
    };
    if (const sh_status status = host_.after(SH_ON_STORE, options_.look_again_ms, look); status != SH_OK)
        fail(subscription, status, "no timer left");
}

void Subscriptions::nothing(const Ref& subscription) {
    Plan plan(subscription->stream, subscription->request, subscription->stand);
    plan.subscribed(subscription->decision.recovered, subscription->decision.reason);
    plan.caught_up(subscription->stand.head.seq);
    subscription->is_caught_up = true;
    if (has_ended(subscription->stand.state)) {
        plan.end();
    } else {
        plan.join(subscription->stand.head);
    }
    attach(subscription, subscription->stand.head, plan);
}

void Subscriptions::replay(const Ref& subscription, std::uint64_t from) {
    const sh_range range{sizeof(range), options_.page_entries, from, options_.page_bytes};
    host_.ask(
        SH_ON_STORE, streamcache_, options_.store_timeout_ms,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            table.read(self, bytes(subscription->stream), &range, ticket);
        },
        [this, subscription, from](const sh_result& result) {
            if (!subscription->is_alive) return;
            if (result.status != SH_OK) return fail(subscription, result.status, result.detail);
            page(subscription, from, result);
        });
}

// result.fence is the check in front of `from`: it proves that the reader and the log agree up to there.
void Subscriptions::page(const Ref& subscription, std::uint64_t from, const sh_result& result) {
    Decision& decision = subscription->decision;
    const bool is_first = !subscription->is_attached;
    const auto records = records_of(result);
    if (decision.check_before && *decision.check_before != result.fence) {
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
    if (decision.gap_from != 0) plan.gap(std::exchange(decision.gap_from, 0), start);
    const Joined joined = join_text(records, options_.joined_bytes);
    plan.records(joined.records);
    entries_.add(static_cast<double>(records.size()));
    plan.go_on(result, stop, subscription->is_caught_up);
    note_runs(*subscription, records);
    attach(subscription, start, plan);
}

void Subscriptions::take_snapshot(const Ref& subscription) {
    host_.ask(
        SH_ON_STORE, streamcache_, options_.store_timeout_ms,
        [&](const sh_streamcache& table, void* self, sh_ticket ticket) {
            table.snapshot(self, bytes(subscription->stream), ticket);
        },
        [this, subscription](const sh_result& result) {
            if (!subscription->is_alive) return;
            if (result.status != SH_OK) return fail(subscription, result.status, result.detail);
            snapshot(subscription, result);
        });
}

void Subscriptions::snapshot(const Ref& subscription, const sh_result& result) {
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
    if (at.seq > 0) plan.snapshot({folded->records, folded->count}, at);
    const Joined joined = join_text(records, options_.joined_bytes);
    plan.records(joined.records);
    note_runs(*subscription, records);
    plan.go_on(tail, stop, subscription->is_caught_up);
    attach(subscription, {}, plan);
}

void Subscriptions::attach(const Ref& subscription, sh_position from, Plan& plan) {
    const sh_status status =
        plan.attach(delivery_, host_.raw(), subscription->reader, subscription->encoding, from);
    if (status != SH_OK) return fail(subscription, status, "the reader took no plan");
    attached(subscription);
}

void Subscriptions::attached(const Ref& subscription) {
    if (std::exchange(subscription->is_attached, true)) return;
    if (Reader* reader = find(subscription->reader)) reader->was_attached = true;
    const Decision& decision = subscription->decision;
    const char* result = decision.act == Act::kSnapshot         ? "snapshot"
                         : has_ended(subscription->stand.state) ? "completed"
                         : decision.reason == "expired"         ? "expired"
                         : decision.act == Act::kReplay         ? "replayed"
                                                                : "live";
    results_.find(result)->second.add();
    seconds_.add(static_cast<double>(host_.monotonic_ms() - subscription->since_ms) / 1e3);
    sh_result answer = Host::make_result(SH_OK);
    answer.first = subscription->stand.first;
    answer.last = subscription->stand.head.seq;
    answer.check = subscription->stand.head.check;
    answer.state = subscription->stand.state;
    host_.complete(std::exchange(subscription->ticket, 0), answer);
    if (subscription->follows_runs) return follow_runs(subscription);
    pump_runs(subscription->reader);
}

void Subscriptions::fail(const Ref& subscription, sh_status status, std::string_view detail) {
    results_.find(status == SH_UNAVAILABLE || status == SH_TIMEOUT ? "unavailable" : "error")->second.add();
    host_.complete(std::exchange(subscription->ticket, 0), status, detail);
    const sh_connection reader = subscription->reader;
    const bool was_attached = subscription->is_attached;
    end(subscription);
    if (status == SH_GONE) return forget_reader(reader);
    // A reader that was promised this stream must not wait for ever: it reconnects and resumes.
    if (was_attached)
        host_.warn("a subscription could not go on",
                   {{"status", streamhost::status_code(status)}, {"detail", detail}});
    pump_runs(reader);
    // Delivery tells when a reader it knows goes away; one that never had a plan is forgotten here.
    const Reader* left = find(reader);
    if (left != nullptr && !left->was_attached && left->subscriptions.empty()) readers_.erase(reader);
}

// Takes the subscription off the books; the caller answers its ticket or knows that it was.
void Subscriptions::end(const Ref& subscription) {
    if (!std::exchange(subscription->is_alive, false)) return;
    --count_;
    host_.complete(std::exchange(subscription->ticket, 0), SH_CANCELLED);
    Reader* reader = find(subscription->reader);
    const auto found = reader == nullptr ? Map::iterator{} : reader->subscriptions.find(subscription->stream);
    const bool is_replaced =
        reader != nullptr && found != reader->subscriptions.end() && found->second != subscription;
    if (reader != nullptr && !is_replaced && found != reader->subscriptions.end())
        reader->subscriptions.erase(found);
    if (subscription->follows_runs && !(is_replaced && found->second->follows_runs)) {
        auto& followers = run_followers_[subscription->stream];
        std::erase(followers, subscription->reader);
        if (followers.empty()) run_followers_.erase(subscription->stream);
    }
    const sh_status left = pubsub_.call([&](const sh_pubsub& table, void* self) {
        table.unfollow(self, bytes(subscription->stream), events_.get());
    });
    if (left != SH_OK) return;  // pubsub is off, and with it everything that it followed
}

void Subscriptions::unsubscribe(sh_connection id, std::string_view stream, sh_ticket ticket) {
    Reader* reader = find(id);
    if (reader == nullptr) return host_.complete(ticket, SH_NOT_FOUND);
    const auto found = reader->subscriptions.find(stream);
    if (found == reader->subscriptions.end()) return host_.complete(ticket, SH_NOT_FOUND);
    const Ref subscription = found->second;
    delivery_->detach(host_.raw(), id, bytes(subscription->stream));
    if (subscription->follows_runs) reader->runs.clear();
    end(subscription);
    host_.complete(ticket, SH_OK);
    pump_runs(id);
}

void Subscriptions::changed(sh_connection id, std::string_view stream, std::uint32_t what, sh_position sent) {
    if (what == SH_SUBSCRIPTION_CLOSED) return forget_reader(id);
    Reader* reader = find(id);
    if (reader == nullptr) return;
    const auto found = reader->subscriptions.find(stream);
    if (found == reader->subscriptions.end()) return;
    const Ref subscription = found->second;
    // Not of this one: it has no plan yet, so the news is of the one that it replaces.
    if (!subscription->is_attached) return;
    switch (what) {
    case SH_SUBSCRIPTION_BEHIND:
        subscription->decision = {
            .act = Act::kReplay, .replay_from = sent.seq + 1, .check_before = sent.check};
        return replay(subscription, sent.seq + 1);
    case SH_SUBSCRIPTION_RESET:
        subscription->decision = {.act = Act::kSnapshot};
        return take_snapshot(subscription);
    default: end(subscription); pump_runs(id);
    }
}

void Subscriptions::forget_reader(sh_connection id) {
    const auto found = readers_.find(id);
    if (found == readers_.end()) return;
    std::vector<Ref> all;
    for (const auto& [stream, subscription] : found->second.subscriptions)
        all.push_back(subscription);
    readers_.erase(found);
    for (const Ref& subscription : all) {
        host_.complete(std::exchange(subscription->ticket, 0), SH_GONE);
        end(subscription);
    }
}

void Subscriptions::close() {
    is_closed_ = true;
    for (const auto& [id, reader] : std::exchange(readers_, {})) {
        for (const auto& [stream, subscription] : reader.subscriptions) {
            host_.complete(std::exchange(subscription->ticket, 0), SH_UNAVAILABLE);
            end(subscription);
        }
    }
}

Subscriptions::Reader* Subscriptions::find(sh_connection id) {
    const auto found = readers_.find(id);
    return found == readers_.end() ? nullptr : &found->second;
}

}  // namespace recovery
