#include "worker.hpp"

#include <algorithm>

namespace chat {

namespace {

constexpr std::uint32_t kWaitMs = 1'000;
// A worker that took a job and did not come to claim it is dead by then.
constexpr std::uint32_t kIdleMs = 10'000;
// Few at a time: the others are free, too.
constexpr std::uint32_t kAtOnce = 8;

}  // namespace

void Worker::tick() {
    if (!hears_control_) {
        hears_control_ = true;
        queue_.hear_control([this](const sh_result& result) {
            // Until then a cancel is found by looking.
            if (result.status != SH_OK) hears_control_ = false;
        });
    }
    ask();
}

void Worker::ask() {
    const std::uint32_t places = refuses_ ? 0 : runs_.free_places();
    if (is_asking_ || places == 0) return;
    is_asking_ = true;
    queue_.take(settings_.queue, name_, std::min(places, kAtOnce), kWaitMs, kIdleMs,
                [this](const sh_result& result) { taken(result); });
}

void Worker::taken(const sh_result& result) {
    is_asking_ = false;
    if (result.status == SH_OK && result.body != nullptr) {
        for (const TakenJob& job : taken_jobs(streamhost::body_of(result)))
            hand(job);
    }
    // After anything else the next tick asks: the store is away, or says that we ask too often.
    const bool is_well = result.status == SH_OK || result.status == SH_TIMEOUT;
    if (is_well) ask_soon();
}

// Not from within what gave the reason to.
void Worker::ask_soon() {
    if (!is_asking_) (void)host_.post(SH_ON_STORE, [this] { ask(); });
}

void Worker::hand(const TakenJob& job) {
    if (!job.queued) {
        host_.error("the queue holds what is no run", {{"queue", settings_.queue}, {"job", job.id}});
        return ack(job.id);
    }
    if (!refuses_) return runs_.take(job, [this, id = job.id] { ack(id); });
    queue_.push(settings_.queue, *job.queued, [this, id = job.id](const sh_result& result) {
        if (result.status == SH_OK) ack(id);  // else it is handed out again when it has been idle
    });
}

void Worker::ack(const std::string& job) {
    queue_.ack(settings_.queue, job, [](const sh_result&) {
        // Without effect the job is handed out once more, and its claim finds out that it is done with.
    });
}

}  // namespace chat
