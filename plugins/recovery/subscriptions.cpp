#include "subscriptions.hpp"

#include <algorithm>
#include <utility>

#include "streamhost/json.hpp"

namespace recovery {

using streamhost::bytes;
using streamhost::Host;

Subscriptions::Subscriptions(Host& host, SubscriptionsOptions options,
                             streamhost::Lease<sh_follow_events> events)
    : host_(host),
      delivery_(host.require<sh_delivery_ext>(SH_EXT_DELIVERY)),
      streamcache_(host.acquire<sh_streamcache>(SH_SVC_STREAMCACHE)),
      pubsub_(host.acquire<sh_pubsub>(SH_SVC_PUBSUB)),
      events_(events),
      tracer_(host),
      options_(options),
      layers_(host),
      seconds_(host.histogram("recovery_seconds", "From subscribe to the plan",
                              {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5})),
      entries_(host.counter("recovered_entries_total", "Entries that readers who were behind were given")),
      gaps_(host.counter("stream_unfilled_gap_total",
                         "Readers that were told of a hole: its entries are gone from the store")),
      vanished_(host.counter("vanished_streams_total",
                             "Readers that were told that their stream is not in the store any more")) {
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
    const Ref earlier = find(reader, request.stream);
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
    if (const auto earlier = reader.subscriptions.find(subscription); earlier != reader.subscriptions.end())
        reader.subscriptions.erase(earlier);
    reader.subscriptions.insert(subscription);
    if (!subscription->follows_runs) reader.seen.add(subscription->stream);
    ++count_;
    subscription->since_ms = host_.monotonic_ms();
    if (subscription->follows_runs) {
        auto& followers = run_followers_[subscription->stream];
        if (std::find(followers.begin(), followers.end(), subscription->reader) == followers.end())
            followers.push_back(subscription->reader);
    }
    follow(subscription);
}

void Subscriptions::follow(const Ref& subscription) {
    subscription->is_counted = true;
    host_.ask(
        SH_ON_STORE, pubsub_, options_.store_timeout_ms,
        [&](const sh_pubsub& table, void* self, sh_ticket ticket) {
            table.follow(self, bytes(subscription->stream), events_.get(), ticket);
        },
        [this, subscription](const sh_result& result) { followed(subscription, result); });
}

void Subscriptions::unfollow(const Ref& subscription) {
    if (!std::exchange(subscription->is_counted, false)) return;
    const sh_status left = pubsub_.call([&](const sh_pubsub& table, void* self) {
        table.unfollow(self, bytes(subscription->stream), events_.get());
    });
    if (left != SH_OK) return;  // pubsub is off, and with it everything that it followed
}

void Subscriptions::followed(const Ref& subscription, const sh_result& result) {
    if (!subscription->is_alive) return;
    if (result.status != SH_OK) return fail(subscription, result.status, result.detail);
    if (subscription->is_attached) return go_on(subscription);
    subscription->stand = {result.first, {result.last, result.check}, result.state};
    subscription->is_view_live = (result.flags & SH_RESULT_LIVE) != 0;
    subscription->decision = decide(subscription->wish, subscription->stand, awaited(*subscription));
    act(subscription);
}

void Subscriptions::act(const Ref& subscription) {
    const bool is_stale_run = subscription->is_auto && subscription->stand.state == SH_STREAM_UNKNOWN;
    if (is_stale_run) {  // it ended long ago; its text is history
        subscription->span.drop();
        return end(subscription);
    }
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
                subscription->decision =
                    decide(subscription->wish, subscription->stand, awaited(*subscription));
                act(subscription);
            });
    };
    if (const sh_status status = host_.after(SH_ON_STORE, options_.look_again_ms, look); status != SH_OK)
        fail(subscription, status, "no timer left");
}

Awaited Subscriptions::awaited(const Subscription& subscription) const {
    const std::int64_t now_ms = host_.monotonic_ms();
    const bool is_patient = now_ms - subscription.since_ms < options_.beyond_head_ms;
    const bool is_new_link = new_link_ms_ && now_ms - *new_link_ms_ < options_.beyond_head_ms;
    return {.entries = is_patient, .streams = is_patient && is_new_link};
}

// From where the reader is to the live log, by what was decided last.
void Subscriptions::go_on(const Ref& subscription) {
    if (!subscription->is_counted) return follow(subscription);
    const Decision& decision = subscription->decision;
    return decision.act == Act::kReplay ? replay(subscription, decision.replay_from)
                                        : take_snapshot(subscription);
}

void Subscriptions::stick(const Ref& subscription, sh_status status, std::string_view detail) {
    unfollow(subscription);
    stuck_.push_back(subscription);
    if (std::exchange(subscription->is_stuck, true)) return;
    host_.warn(
        "a subscription cannot go on, it is tried again",
        {{"stream", subscription->stream}, {"status", streamhost::status_code(status)}, {"detail", detail}});
}

void Subscriptions::retry() {
    for (const Ref& subscription : std::exchange(stuck_, {})) {
        if (subscription->is_alive && !subscription->is_counted) follow(subscription);
    }
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
    subscription->span.set("streamhost.recovery", result);
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
    const sh_connection reader = subscription->reader;
    if (status == SH_GONE) {
        host_.complete(std::exchange(subscription->ticket, 0), status, detail);
        end(subscription);
        return forget_reader(reader);
    }
    if (!subscription->is_stuck)
        results_.find(status == SH_UNAVAILABLE || status == SH_TIMEOUT ? "unavailable" : "error")
            ->second.add();
    // A reader that was promised this stream must not wait for ever, and nobody asks again for it.
    if (subscription->is_attached || subscription->is_auto) return stick(subscription, status, detail);
    host_.complete(std::exchange(subscription->ticket, 0), status, detail);
    end(subscription);
    pump_runs(reader);
    // Delivery tells when a reader it knows goes away; one that never had a plan is forgotten here.
    const Reader* left = find(reader);
    if (left != nullptr && !left->was_attached && left->subscriptions.empty()) readers_.erase(reader);
}

// Takes the subscription off the books; the caller answers its ticket or knows that it was.
void Subscriptions::end(const Ref& subscription) {
    if (!std::exchange(subscription->is_alive, false)) return;
    subscription->span.fail("its reader went away first");
    subscription->span.end();
    --count_;
    host_.complete(std::exchange(subscription->ticket, 0), SH_CANCELLED);
    Reader* reader = find(subscription->reader);
    const Ref held = reader == nullptr ? nullptr : find(*reader, subscription->stream);
    if (held == subscription) reader->subscriptions.erase(held);
    const bool is_replaced = held != nullptr && held != subscription;
    if (subscription->follows_runs && !(is_replaced && held->follows_runs)) {
        auto& followers = run_followers_[subscription->stream];
        std::erase(followers, subscription->reader);
        if (followers.empty()) run_followers_.erase(subscription->stream);
    }
    unfollow(subscription);
}

void Subscriptions::unsubscribe(sh_connection id, std::string_view stream, sh_ticket ticket) {
    Reader* reader = find(id);
    if (reader == nullptr) return host_.complete(ticket, SH_NOT_FOUND);
    const Ref subscription = find(*reader, stream);
    if (subscription == nullptr) return host_.complete(ticket, SH_NOT_FOUND);
    delivery_->detach(host_.raw(), id, bytes(subscription->stream));
    if (subscription->follows_runs) reader->runs.clear();
    end(subscription);
    host_.complete(ticket, SH_OK);
    pump_runs(id);
}

void Subscriptions::changed(sh_connection id, std::string_view stream, std::uint32_t what, sh_position sent) {
    if (what == SH_SUBSCRIPTION_CLOSED) return forget_reader(id);
    Reader* reader = find(id);
    const Ref subscription = reader == nullptr ? nullptr : find(*reader, stream);
    // Not of this one: it has no plan yet, so the news is of the one that it replaces.
    if (subscription == nullptr || !subscription->is_attached) return;
    switch (what) {
    case SH_SUBSCRIPTION_BEHIND:
        subscription->decision = {
            .act = Act::kReplay, .replay_from = sent.seq + 1, .check_before = sent.check};
        if (sent.seq > 0) subscription->absence.shown();
        return go_on(subscription);
    case SH_SUBSCRIPTION_RESET:
        subscription->decision = {.act = Act::kSnapshot};
        subscription->absence.confirm();
        return go_on(subscription);
    default:
        finished_.finished(subscription->stream,
                           {.connection = id, .seq = sent.seq, .at_ms = host_.wall_ms()});
        end_span(subscription, sent);
        end(subscription);
        pump_runs(id);
    }
}

void Subscriptions::link(bool up, std::uint64_t epoch) {
    if (!up || epoch_ == epoch) return;
    if (epoch_) new_link_ms_ = host_.monotonic_ms();
    epoch_ = epoch;
}

void Subscriptions::forget_reader(sh_connection id) {
    const auto found = readers_.find(id);
    if (found == readers_.end()) return;
    const auto all = std::move(found->second.subscriptions);
    readers_.erase(found);
    for (const Ref& subscription : all) {
        host_.complete(std::exchange(subscription->ticket, 0), SH_GONE);
        end(subscription);
    }
}

void Subscriptions::close() {
    is_closed_ = true;
    for (const auto& [id, reader] : std::exchange(readers_, {})) {
        for (const Ref& subscription : reader.subscriptions) {
            host_.complete(std::exchange(subscription->ticket, 0), SH_UNAVAILABLE);
            end(subscription);
        }
    }
}

Subscriptions::Reader* Subscriptions::find(sh_connection id) {
    const auto found = readers_.find(id);
    return found == readers_.end() ? nullptr : &found->second;
}

Subscriptions::Ref Subscriptions::find(const Reader& reader, std::string_view stream) {
    const auto found = reader.subscriptions.find(stream);
    return found == reader.subscriptions.end() ? nullptr : *found;
}

}  // namespace recovery
