#include "runtime/worker_pool.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iterator>
#include <system_error>
#include <utility>

#include "runtime/fault.hpp"
#include "runtime/thread_name.hpp"

namespace streamhost::runtime {
namespace {

constexpr std::uint64_t kDestructorGraceMs = 5'000;

void run_guarded(Task& task, const std::string& name) noexcept {
    try {
        if (task) task();
    } catch (const std::exception& error) {
        fault(name, error.what());
    } catch (...) {
        fault(name, "unknown exception");
    }
}

}  // namespace

WorkerPoolOptions WorkerPoolOptions::short_jobs(std::size_t threads) {
    WorkerPoolOptions options;
    options.name = "short";
    options.min_threads = options.max_threads = threads;
    options.budget_ms = 100;
    return options;
}

WorkerPoolOptions WorkerPoolOptions::long_jobs(std::size_t cap) {
    WorkerPoolOptions options;
    options.name = "long";
    options.roles = Role::worker_long;
    options.max_threads = cap;
    options.queue_limit = 0;
    return options;
}

WorkerPool::WorkerPool(const Clock& clock, WorkerPoolOptions options)
    : clock_(clock), options_(std::move(options)) {}

WorkerPool::~WorkerPool() {
    const StopReport report = stop(kDestructorGraceMs);
    if (!report.running.empty()) abandon(options_.name, report.running.front() + " does not end");
}

SubmitStatus WorkerPool::submit(Job&& job) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return SubmitStatus::stopping;
    const bool full = common_ + queue_.size() >= options_.max_threads + options_.queue_limit;
    if (full || !grow()) {
        ++stats_.busy;
        return SubmitStatus::busy;
    }
    queue_.push_back(std::move(job));
    job_or_stop_.notify_one();
    return SubmitStatus::accepted;
}

bool WorkerPool::submit_owed(Job&& job) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    owed_.push_back(std::move(job));
    // Without a thread now it waits for one: the next that is free takes it.
    if (idle_ < owed_.size() && workers_.size() < options_.max_threads + options_.owed_threads)
        (void)start_thread();
    job_or_stop_.notify_one();
    return true;
}

/// False when a job would have no thread to run on, now or after a short job.
bool WorkerPool::grow() {
    const std::size_t beyond = std::min(stats_.running - common_, options_.owed_threads);
    if (idle_ > owed_.size() + queue_.size() || workers_.size() >= options_.max_threads + beyond) return true;
    return start_thread() || (options_.queue_limit > 0 && !workers_.empty());
}

bool WorkerPool::start_thread() {
    const auto self = workers_.emplace(workers_.end());
    try {
        self->thread = std::thread([this, self] { work(self); });
    } catch (const std::system_error&) {  // the machine has no thread for us
        workers_.erase(self);
        return false;
    }
    ++idle_;
    return true;
}

bool WorkerPool::may_run() const noexcept {
    return !owed_.empty() || (!queue_.empty() && common_ < options_.max_threads);
}

void WorkerPool::work(Workers::iterator self) {
    set_thread_name(options_.name);
    const RoleScope role(options_.roles);
    std::unique_lock lock(mutex_);
    while (wait_for_job(lock))
        run(lock, *self);
    --idle_;
    retired_.splice(retired_.end(), workers_, self);
    ended_.notify_all();
}

bool WorkerPool::wait_for_job(std::unique_lock<std::mutex>& lock) {
    const auto ready = [this] { return stopping_ || may_run(); };
    while (!ready()) {
        const bool in_time = job_or_stop_.wait_for(lock, std::chrono::milliseconds(options_.idle_ms), ready);
        if (!in_time && workers_.size() > options_.min_threads) return false;
    }
    return may_run();
}

void WorkerPool::run(std::unique_lock<std::mutex>& lock, Worker& self) {
    const bool is_owed = !owed_.empty();
    std::deque<Job>& from = is_owed ? owed_ : queue_;
    Job job = std::move(from.front());
    from.pop_front();
    Workers retired = std::exchange(retired_, {});
    self.busy = true;
    self.job = job.name;
    self.began_ns = clock_.monotonic_ns();
    --idle_;
    ++stats_.running;
    common_ += is_owed ? 0 : 1;
    lock.unlock();
    join_all(std::move(retired));  // they have left their loops: this waits for a few last instructions
    run_guarded(job.run, job.name);
    job.run.reset();  // what it captured dies outside of the lock, and before the job counts as done
    const std::uint64_t took_ms = (clock_.monotonic_ns() - self.began_ns) / 1'000'000;
    const bool overrun = options_.budget_ms != 0 && took_ms > options_.budget_ms;
    if (overrun && options_.on_overrun) options_.on_overrun(job.name, took_ms);
    job = {};
    lock.lock();
    self.busy = false;
    self.job.clear();
    ++idle_;
    --stats_.running;
    common_ -= is_owed ? 0 : 1;
    // This thread may go on with an owed job; another one that rested for want of room can take the next.
    if (!queue_.empty()) job_or_stop_.notify_one();
    ++stats_.done;
    stats_.overruns += overrun ? 1 : 0;
}

void WorkerPool::join_all(Workers workers) {
    for (Worker& worker : workers)
        worker.thread.join();
}

WorkerPool::StopReport WorkerPool::stop(std::uint64_t timeout_ms) {
    StopReport report;
    std::deque<Job> dropped;
    Workers retired;
    {
        std::unique_lock lock(mutex_);
        stopping_ = true;
        job_or_stop_.notify_all();
        ended_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return workers_.empty(); });
        dropped.swap(owed_);
        std::move(queue_.begin(), queue_.end(), std::back_inserter(dropped));
        queue_.clear();
        retired.swap(retired_);
        for (const Worker& worker : workers_) {
            if (worker.busy) report.running.push_back(worker.job);
        }
    }
    join_all(std::move(retired));
    for (Job& job : dropped) {
        run_guarded(job.dropped, job.name);
        report.dropped.push_back(std::move(job.name));
    }
    return report;
}

std::vector<WorkerPool::Running> WorkerPool::running() const {
    const std::lock_guard lock(mutex_);
    const std::uint64_t now_ns = clock_.monotonic_ns();
    std::vector<Running> jobs;
    for (const Worker& worker : workers_) {
        if (worker.busy) jobs.push_back({worker.job, (now_ns - worker.began_ns) / 1'000'000});
    }
    return jobs;
}

WorkerPool::Stats WorkerPool::stats() const {
    const std::lock_guard lock(mutex_);
    Stats now = stats_;
    now.threads = workers_.size();
    now.waiting = owed_.size() + queue_.size();
    return now;
}

}  // namespace streamhost::runtime
