#include "runs.hpp"

#include <vector>

#include "streamhost/service/streamcache_requests.hpp"

#include "ids.hpp"
#include "run.hpp"

namespace chat {

namespace {

// Runs that are claimed and wait for a thread: enough that a free thread finds one, few enough that the rest
// stays pending for others.
constexpr std::uint32_t kAdmitted = 8;
constexpr std::uint32_t kThreadRetryMs = 100;
constexpr std::uint32_t kWatchTicks = 2;

const Verdict kTooLong{.code = "timeout", .message = "The answer took too long."};

void ignore(const sh_result&) {}

}  // namespace

Runs::Runs(streamhost::Host& host, Settings settings, Cache cache, OpenRuns open, QueuePort queue)
    : host_(host),
      settings_(std::move(settings)),
      cache_(cache),
      open_(open),
      queue_(queue),
      concluder_(host_, cache_, open_),
      telemetry_(host_, settings_.providers),
      tracer_(host_),
      waiting_(host_, cache_, open_, queue_, concluder_, telemetry_),
      reaper_(host_, cache_, open_, concluder_,
              [this](const std::string& run) {
                  return runs_.contains(run) || sending_.contains(run) || waiting_.contains(run);
              },
              {.lost = [this](const std::string&) { telemetry_.run_lost(); },
               .given_up = [this](const std::string&) { telemetry_.given_up(); },
               .waits =
                   [this](const std::string& run, const RemoteTerms& terms, std::uint64_t claims) {
                       // Near its end a node leaves them to the others, as they come up.
                       if (!refuses_) waiting_.adopt(run, terms, claims);
                   }}) {}

Runs::Ref Runs::find(const std::string& run) const {
    const auto found = runs_.find(run);
    return found == runs_.end() ? nullptr : found->second;
}

void Runs::act(const Ref& run, Act what) {
    switch (what) {
    case Act::nothing: return;
    case Act::claim: return claim(run);
    case Act::wait:
        run->admitted = false;
        --admitted_;
        return later(back_off_ms(run->machine.attempts(), 100, 2'000), [this, run] {
            pending_.push_front(run);
            pump();
        });
    case Act::prepare: return prepare(run);
    case Act::start: ready_.push_back(run); return pump();
    case Act::finish:
        if (run->end.empty()) run->end = end_of(kNotStored);
        return later(run->machine.attempts() == 0 ? 0 : back_off_ms(run->machine.attempts(), 100, 4'000),
                     [this, run] { finish(run); });
    case Act::conclude:
        run->stop.stop(StopReason::over);
        return later(run->machine.attempts() == 0 ? 0 : back_off_ms(run->machine.attempts(), 100, 4'000),
                     [this, run] { conclude(run); });
    case Act::forget: return forget(run);
    }
}

void Runs::pump() {
    while (!ready_.empty()) {
        const Ref run = ready_.front();
        if (run->machine.phase() == Phase::ready) {
            start(run);
            if (run->machine.phase() == Phase::ready) break;  // no thread
        }
        ready_.pop_front();
    }
    while (admitted_ < kAdmitted && !pending_.empty()) {
        const Ref run = pending_.front();
        pending_.pop_front();
        if (run->machine.phase() != Phase::pending) continue;
        run->admitted = true;
        ++admitted_;
        act(run, run->machine.admit());
    }
    count();
}

void Runs::claim(const Ref& run) {
    // What is produced where it was accepted nobody else claims.
    const std::uint32_t flags = run->taken ? 0 : SH_CLAIM_NO_RIVALS;
    cache_.claim(run->id, kLeaseMs, flags, [this, run](const sh_result& result) {
        if (run->taken) return claimed_taken(run, result);
        if (result.status == SH_OK) run->fence = result.fence;
        act(run, run->machine.claimed(result.status));
    });
}

void Runs::start(const Ref& run) {
    ++workers_;
    if (host_.post(SH_ON_LONG, [this, run] { work(run); }) == SH_OK) {
        run->machine.started(true);
        run->admitted = false;
        --admitted_;
        run->started_ms = host_.monotonic_ms();
        return;
    }
    --workers_;
    if (retry_armed_) return;
    retry_armed_ = true;
    later(kThreadRetryMs, [this] {
        retry_armed_ = false;
        pump();
    });
}

void Runs::finish(const Ref& run) {
    if (run->machine.phase() != Phase::ending) return;
    cache_.finish(run->id, run->end, run->fence, [this, run](const sh_result& result) {
        if (result.status == SH_FENCED) {
            telemetry_.fenced();
            host_.warn("run has another producer: what this node still had of it is dropped",
                       {{"run", run->id}}, run->span.context());
        }
        if (result.status == SH_OK && run->is_in_doubt) tell_failure(run, kNotStored);
        act(run, run->machine.finished(result.status));
    });
}

void Runs::conclude(const Ref& run) {
    concluder_.conclude(run->id, [this, run](const Concluded& concluded) {
        run->state = concluded.state;
        act(run, run->machine.concluded(concluded.status));
    });
}

void Runs::forget(const Ref& run) {
    run->stop.stop(StopReason::over);
    if (run->admitted) --admitted_;
    run->admitted = false;
    if (runs_.erase(run->id) == 0) return;
    if (run->taken) {
        --taken_;
        if (free_place_) free_place_();
    }
    std::erase(pending_, run);
    const std::string_view outcome = streamhost::outcome_of(run->state);
    const auto took_ms = host_.monotonic_ms() - run->accepted_ms;
    if (!outcome.empty())
        telemetry_.run_ended(run->provider_name, outcome, static_cast<double>(took_ms) / 1'000);
    host_.debug("run ended", {{"run", run->id}, {"outcome", outcome}, {"ms", std::to_string(took_ms)}},
                run->span.context());
    end_span(run, outcome);
    pump();
}

void Runs::cancel(const std::string& run, const std::string& reason, sh_ticket ticket) {
    cache_.finish(run, cancelled_end(reason), 0, [this, run, ticket](const sh_result& result) {
        const bool had_ended = result.status == SH_ENDED ||
                               (result.status == SH_OK && (result.flags & SH_RESULT_DUPLICATE) != 0);
        if (had_ended) return host_.complete(ticket, SH_CONFLICT, "the run has ended");
        if (result.status == SH_CONFLICT || result.status == SH_NOT_FOUND)
            return host_.complete(ticket, SH_NOT_FOUND, "no such run");
        host_.complete(ticket, result);
        if (result.status != SH_OK) return;
        if (const Ref local = find(run)) {
            local->stop.stop(StopReason::cancelled);
            return act(local, local->machine.ended_elsewhere());
        }
        waiting_.forget(run);
        queue_.tell_cancelled(run, &ignore);  // whoever produces it need not find out by itself
        // If this fails the list of open runs brings it up again.
        concluder_.conclude(run, [](const Concluded&) {});
    });
}

void Runs::tick() {
    const std::int64_t now_ms = host_.monotonic_ms();
    do_owed();
    reaper_.tick();
    if (++ticks_ % kWatchTicks == 0) watch();
    std::vector<Ref> too_long;
    for (const auto& [id, run] : runs_) {
        if (run->machine.phase() == Phase::producing &&
            now_ms - run->started_ms >= run->provider->total_timeout_ms())
            too_long.push_back(run);
    }
    for (const Ref& run : too_long) {
        run->stop.stop(StopReason::expired);
        fail_run(run, kTooLong);
    }
    pump();
}

void Runs::tick_queue() {
    waiting_.tick();
    count();
}

// A few at a time: a thousand at once would be felt by all that waits for the store loop.
void Runs::refresh() {
    refresh_due_ += static_cast<double>(runs_.size()) * kRefreshTickMs / kRefreshMs;
    for (auto next = runs_.upper_bound(refreshed_); refresh_due_ >= 1 && !runs_.empty(); --refresh_due_) {
        if (next == runs_.end()) next = runs_.begin();
        open_.put(next->first, next->second->taken ? kTakenDueMs : kDueMs, &ignore);
        refreshed_ = next->first;
        ++next;
    }
    if (runs_.empty()) refresh_due_ = 0;
}

bool Runs::is_node_ending() const { return host_.node().phase(host_.raw()) >= SH_NODE_DRAINING; }

void Runs::refuse() {
    refuses_ = true;
    // What waits here only for others to take it needs nobody here.
    if (!queue_.dies_with_us()) waiting_.hand_on();
    count();
}

void Runs::end_all() {
    ends_all_ = true;
    waiting_.end_all(end_of(kGoingDown));
    std::vector<Ref> all;
    for (const auto& [id, run] : runs_)
        all.push_back(run);
    for (const Ref& run : all) {
        if (run->taken) {
            end_taken(run);
            continue;
        }
        run->stop.stop(StopReason::shutdown);
        fail_run(run, kGoingDown);
    }
}

void Runs::later(std::uint32_t delay_ms, std::function<void()> body) {
    if (delay_ms == 0) return body();
    if (host_.after(SH_ON_STORE, delay_ms, body) != SH_OK) to_store(std::move(body));
}

void Runs::count() {
    active_ = workers_;
    telemetry_.set_counts(workers_, pending_.size() + admitted_);
    telemetry_.set_worker_runs(taken_);
    left_ = static_cast<std::uint32_t>(runs_.size() + sending_.size() + waiting_.size()) + workers_ + handed_;
}

}  // namespace chat
