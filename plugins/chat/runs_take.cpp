// Runs that came over a queue: taken, claimed, produced like any other, and left to others when they have
// them.
#include <algorithm>

#include "streamhost/ids.hpp"

#include "ids.hpp"
#include "run.hpp"

namespace chat {

using streamhost::body_of;
using streamhost::infos_of;
using streamhost::is_transient;
using streamhost::view;

namespace {

constexpr std::uint32_t kTriesToStoreAgain = 5;
constexpr std::uint32_t kTriesToFindJob = 20;
constexpr std::uint32_t kFindJobMs = 250;

void ignore(const sh_result&) {}

}  // namespace

std::uint32_t Runs::free_places() const noexcept {
    return settings_.worker.max_runs - std::min(taken_, settings_.worker.max_runs);
}

void Runs::take(const TakenJob& job, std::function<void()> settle) {
    const QueuedRun& queued = *job.queued;
    // Queued twice: the first is at work.
    if (find(queued.run) || !streamhost::is_run_id(queued.run)) return settle();
    auto run = std::make_shared<Run>(*this);
    run->id = queued.run;
    run->session = streamhost::home_of(queued.run);
    run->provider_name = settings_.worker.provider;
    run->provider = settings_.providers.at(run->provider_name);
    run->message_seq = queued.message_seq;
    run->accepted_ms = host_.monotonic_ms();
    run->taken.emplace(Run::Taken{queued, job.deliveries, std::move(settle)});
    run->machine = RunMachine({.without_claim = Act::forget});
    runs_.emplace(run->id, run);
    ++taken_;
    pending_.push_back(run);
    pump();
}

void Runs::claimed_taken(const Ref& run, const sh_result& result) {
    // Given back a moment ago: what its last producer had on the way may have renewed the lease.
    const bool comes_free = result.status == SH_HELD && run->taken->queued.excused > 0;
    const sh_status status = comes_free ? SH_BUSY : result.status;
    const Act next = run->machine.claimed(status);
    if (!is_transient(status)) run->taken->settle();
    if (status != SH_OK) return act(run, next);
    run->fence = result.fence;
    run->head = result.last;
    run->taken->claims = result.count;
    open_.put(run->id, kTakenDueMs, &ignore);
    (void)streamhost::guard(nullptr, [&] { run->job = job_of(body_of(result)); });
    begin_span(run);
    if (next == Act::prepare) return proceed(run);
    // It ended, or this node began to, while the claim was on its way.
    act(run, next);
}

// What the run's terms say about this delivery.
void Runs::proceed(const Ref& run) {
    if (ends_all_) return end_taken(run);
    if (!run->job.remote) return find_job(run);
    telemetry_.taken();
    const Delivery delivery{.claims = run->taken->claims,
                            .excused = run->taken->queued.excused,
                            .queued = run->taken->deliveries,
                            .entries = run->head};
    const Takeover takeover = decide(*run->job.remote, delivery);
    if (delivery.claims > 1) {
        telemetry_.taken_over();
        host_.info("run has a new worker",
                   {{"run", run->id},
                    {"policy", policy_name(run->job.remote->policy)},
                    {"claims", std::to_string(delivery.claims)}},
                   run->span.context());
    }
    switch (takeover) {
    case Takeover::produce:
    case Takeover::go_on: return prepare(run);
    case Takeover::lost: return end_lost(run);
    case Takeover::start_over: return start_over(run);
    case Takeover::give_up:
        host_.warn("run is given up: its workers failed", {{"run", run->id}}, run->span.context());
        telemetry_.given_up();
        run->end = given_up_end();
        return act(run, run->machine.end_now());
    }
}

// Behind a failover the master may hear of the claim before it is told of the message, which brings the job.
void Runs::find_job(const Ref& run) {
    if (run->machine.phase() != Phase::preparing) return;
    if (++run->taken->looks > kTriesToFindJob)
        return fail_run(run, {.code = "internal", .message = "The job is unreadable."});
    open_.runs(run->session, [this, run](const sh_result& result) {
        for (const sh_stream_info& info : infos_of(result)) {
            if (view(info.stream) != run->id) continue;
            (void)streamhost::guard(nullptr, [&] { run->job = job_of(view(info.job)); });
        }
        if (run->job.remote && run->machine.phase() == Phase::preparing) return proceed(run);
        later(kFindJobMs, [this, run] { find_job(run); });
    });
}

void Runs::end_lost(const Ref& run) {
    telemetry_.run_lost();
    run->end = lost_end();
    act(run, run->machine.end_now());
}

// What readers have of it cannot be taken back: numbers are given once. So this run ends with `lost`, and
// before it does the session has another one for the same message.
void Runs::start_over(const Ref& run) {
    open_.tail(run->id, [this, run](const sh_result& result) {
        const auto infos = infos_of(result);
        if (infos.empty()) return end_lost(run);
        store_again(run, std::string(view(infos.front().user)));
    });
}

void Runs::store_again(const Ref& run, const std::string& user) {
    Job job = run->job;
    if (job.remote->origin.empty()) job.remote->origin = run->id;
    job.remote->earlier += run->taken->claims - 1;
    const std::string id = run_id(run->session);
    auto again = std::make_shared<OpenRuns::Again>();
    *again = {.session = run->session,
              .user = user,
              .key = run->id + ":again",
              .hash = sha256_hex(run->id),
              .run = id,
              .record = run_again(id, run->id),
              .job = job_text(job)};
    open_.put(id, kDueMs, &ignore);
    open_.send_again(*again, [this, run, again, user](const sh_result& result) {
        if (run->machine.has_ended()) return open_.remove(again->run, &ignore);
        if (is_transient(result.status) && ++run->taken->tries < kTriesToStoreAgain)
            return later(back_off_ms(run->taken->tries, 100, 2'000),
                         [this, run, user] { store_again(run, user); });
        const std::string stored(result.status == SH_OK ? body_of(result) : "");
        // Another worker got as far before: its run is the one.
        if (stored != again->run && !is_transient(result.status)) open_.remove(again->run, &ignore);
        end_lost(run);
        if (!stored.empty())
            take({.queued = QueuedRun{.run = stored, .message_seq = run->message_seq}}, [] {});
    });
}

void Runs::hear_cancelled(const std::string& run) {
    const Ref local = find(run);
    if (!local || !local->taken) return;
    // Only a hint: what the store says counts.
    open_.tail(run, [this, local](const sh_result& result) {
        for (const sh_stream_info& info : infos_of(result))
            watched(local, info);
    });
}

// A provider that says nothing for a while would not notice that its run is over, or has another producer.
void Runs::watch() {
    std::vector<Ref> all;
    for (const auto& [id, run] : runs_) {
        if (run->taken && run->machine.phase() == Phase::producing) all.push_back(run);
    }
    for (std::size_t at = 0; at < all.size(); at += OpenRuns::kTails) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
        const auto size = static_cast<std::ptrdiff_t>(std::min(OpenRuns::kTails, all.size() - at));
        const std::vector<Ref> some(begin, begin + size);
        std::vector<std::string> ids;
        for (const Ref& run : some)
            ids.push_back(run->id);
        open_.tails(ids, [this, some](const sh_result& result) {
            const auto infos = infos_of(result);
            for (std::size_t index = 0; infos.size() == some.size() && index < some.size(); ++index)
                watched(some[index], infos[index]);
        });
    }
}

void Runs::watched(const Ref& run, const sh_stream_info& info) {
    if (info.state == SH_STREAM_UNKNOWN) return;
    if (info.state != SH_STREAM_OPEN) {
        run->stop.stop(StopReason::cancelled);
        return act(run, run->machine.ended_elsewhere());
    }
    if (info.fence != run->fence && run->machine.phase() == Phase::producing) fenced(run);
}

void Runs::fenced(const Ref& run) {
    host_.warn("run has another producer: what this node still has of it is dropped", {{"run", run->id}},
               run->span.context());
    telemetry_.fenced();
    run->stop.stop(StopReason::over);
    act(run, run->machine.fenced());
}

// This plugin goes. Where nobody could go on, the answer ends; else the next worker takes it. What was
// claimed is given back only by a process that ends: the streamcache, which outlives this plugin, renews its
// lease.
void Runs::end_taken(const Ref& run) {
    const Phase phase = run->machine.phase();
    if (phase == Phase::claiming) return;  // the claim's answer comes back here
    const bool is_claimed = phase > Phase::claiming;
    const bool may_go_on =
        !is_claimed || (is_node_ending() && run->job.remote && run->job.remote->policy != Policy::fail);
    if (may_go_on && phase < Phase::ending && !queue_.dies_with_us()) return hand_over(run);
    run->stop.stop(StopReason::shutdown);
    fail_run(run, kGoingDown);
}

void Runs::hand_over(const Ref& run) {
    run->stop.stop(StopReason::shutdown);
    QueuedRun queued = run->taken->queued;
    const bool is_claimed = run->machine.phase() > Phase::claiming;
    if (is_claimed) ++queued.excused;
    const std::string queue = settings_.worker.queue;
    ++handed_;
    const auto done = [this](const sh_result&) {
        --handed_;
        count();
    };
    const auto push = [this, queue, queued, done] { queue_.push(queue, queued, done); };
    run->taken->settle();
    telemetry_.handed_over();
    host_.info("run is handed over", {{"run", run->id}}, run->span.context());
    act(run, run->machine.fenced());  // not ours any more
    if (!is_claimed) return push();
    // Should any of this be lost, the lease ends by itself and the run is found in the list of open runs.
    cache_.release(run->id, run->fence, [push](const sh_result&) { push(); });
}

}  // namespace chat
