#include "run_queue.hpp"

#include <algorithm>
#include <utility>

#include "reaper.hpp"
#include "run_machine.hpp"
#include "texts.hpp"

namespace chat {

using streamhost::is_transient;

namespace {

constexpr std::int64_t kTellHealthMs = 1'000;

void ignore(const sh_result&) {}

}  // namespace

void RunQueue::add(const QueuedRun& queued, const RemoteTerms& terms) { put(queued, terms, 0); }

void RunQueue::adopt(const std::string& run, const RemoteTerms& terms, std::uint64_t claims) {
    if (contains(run)) return;
    host_.info(claims == 0 ? "run waits for a worker, and its node is gone"
                           : "run waits for a worker: the one that had it is gone",
               {{"run", run}, {"policy", policy_name(terms.policy)}});
    put({.run = run}, terms, claims);
}

void RunQueue::put(const QueuedRun& queued, const RemoteTerms& terms, std::uint64_t claims) {
    const WaitOptions options = claims == 0 ? WaitOptions{.wait_ms = terms.wait_ms} : takeover_wait(claims);
    const std::int64_t now_ms = host_.monotonic_ms();
    const auto [entry, is_new] =
        waiting_.emplace(queued.run, Waiting{queued, terms, claims, WaitMachine(options, now_ms)});
    telemetry_.set_waiting(waiting_.size());
    if (is_new) (void)step(entry->first, entry->second, now_ms);  // nothing to look at yet
}

void RunQueue::forget(const std::string& run) {
    waiting_.erase(run);
    telemetry_.set_waiting(waiting_.size());
}

bool RunQueue::step(const std::string& run, Waiting& waiting, std::int64_t now_ms) {
    bool looks = false;
    for (WaitAct act = waiting.machine.next(now_ms); act != WaitAct::nothing;
         act = waiting.machine.next(now_ms)) {
        if (act == WaitAct::push) push(run, waiting);
        if (act == WaitAct::look) looks = true;
        if (act == WaitAct::refresh) open_.put(run, kDueMs, &ignore);
    }
    return looks;
}

void RunQueue::tick() {
    const std::int64_t now_ms = host_.monotonic_ms();
    std::vector<std::string> looks;
    for (auto& [run, waiting] : waiting_) {
        if (step(run, waiting, now_ms)) looks.push_back(run);
    }
    for (std::size_t at = 0; at < looks.size(); at += OpenRuns::kTails) {
        const auto begin = looks.begin() + static_cast<std::ptrdiff_t>(at);
        const std::size_t count = std::min(OpenRuns::kTails, looks.size() - at);
        look({begin, begin + static_cast<std::ptrdiff_t>(count)});
    }
    if (now_ms - told_ms_ < kTellHealthMs) return;
    told_ms_ = now_ms;
    tell_health();
}

void RunQueue::push(const std::string& run, const Waiting& waiting) {
    queue_.push(waiting.terms.queue, waiting.queued, [this, run](const sh_result& result) {
        const auto pushed = waiting_.find(run);
        if (pushed == waiting_.end()) return;
        pushed->second.machine.pushed(result.status, host_.monotonic_ms());
        if (result.status != SH_OK)
            host_.warn("run does not get into its queue yet",
                       {{"run", run}, {"queue", pushed->second.terms.queue}});
    });
}

void RunQueue::look(const std::vector<std::string>& runs) {
    open_.tails(runs, [this, runs](const sh_result& result) {
        const auto infos = streamhost::infos_of(result);
        for (std::size_t index = 0; index < runs.size(); ++index)
            looked(runs[index], result, infos.size() == runs.size() ? &infos[index] : nullptr);
    });
}

void RunQueue::looked(const std::string& run, const sh_result& result, const sh_stream_info* info) {
    const auto found = waiting_.find(run);
    if (found == waiting_.end()) return;
    // What the store does not know it may have lost in a failover: it is waited for as long as any other.
    const bool is_known = info != nullptr && info->state != SH_STREAM_UNKNOWN;
    const bool has_ended = is_known && info->state != SH_STREAM_OPEN;
    const sh_status status = info == nullptr && result.status == SH_OK ? SH_UNAVAILABLE : result.status;
    // Behind a change of the store's master a lease is shown until it is settled who produces what.
    const bool may_be_produced = is_known && info->lease_ms > 0;
    switch (
        found->second.machine.looked(status, has_ended, is_known ? info->claims : 0, host_.monotonic_ms())) {
    case WaitNews::waits: return;
    case WaitNews::taken: return forget(run);
    case WaitNews::ended: forget(run); return concluder_.conclude(run, [](const Concluded&) {});
    case WaitNews::expired: return may_be_produced ? void() : expire(run, is_known ? info->fence : 0);
    }
}

void RunQueue::expire(const std::string& run, std::uint64_t fence) {
    const Waiting& waiting = waiting_.at(run);
    // The fence of a run that was never claimed is 0, which stands for any: a worker that claims it between
    // the look and this finds out at its first entry.
    if (waiting.claims == 0) return finish(run, no_worker_end(), fence, "no worker took the run in time");
    finish(run, lost_end(), fence, "run is lost: no worker went on with it");
}

void RunQueue::finish(const std::string& run, const std::string& end, std::uint64_t fence, const char* why) {
    cache_.finish(run, end, fence, [this, run, why](const sh_result& result) {
        if (is_transient(result.status) || !contains(run)) return;  // the next look comes back to it
        const bool was_claimed = waiting_.at(run).claims > 0;
        forget(run);
        if (result.status == SH_FENCED) return;  // claimed at the last moment
        if (result.status == SH_OK) {
            host_.warn(why, {{"run", run}});
            was_claimed ? telemetry_.run_lost() : telemetry_.no_worker();
        }
        concluder_.conclude(run, [](const Concluded&) {});
    });
}

void RunQueue::hand_on() {
    for (const auto& [run, waiting] : waiting_)
        open_.put(run, 0, &ignore);
    waiting_.clear();
    telemetry_.set_waiting(0);
    tell_health();
}

void RunQueue::end_all(const std::string& end) {
    std::vector<std::string> all;
    for (const auto& [run, waiting] : waiting_)
        all.push_back(run);
    for (const std::string& run : all)
        finish(run, end, 0, "run ends with its node, before a worker took it");
}

void RunQueue::tell_health() {
    const std::int64_t now_ms = host_.monotonic_ms();
    std::int64_t longest_ms = 0;
    std::string queue;
    std::size_t late = 0;
    for (const auto& [run, waiting] : waiting_) {
        const std::int64_t waited_ms = waiting.machine.waited_ms(now_ms);
        if (waited_ms > kDegradedAfterMs) ++late;
        if (waited_ms < longest_ms) continue;
        longest_ms = waited_ms;
        queue = waiting.terms.queue;
    }
    if (late == 0 && !is_degraded_) return;
    is_degraded_ = late > 0;
    if (!is_degraded_) return host_.set_health("workers", SH_HEALTH_OK);
    host_.set_health("workers", SH_HEALTH_DEGRADED,
                     std::to_string(late) + " runs wait for a worker, one of queue " + queue + " for " +
                         std::to_string(longest_ms / 1'000) + " s");
}

}  // namespace chat
