#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/role.hpp"
#include "runtime/task.hpp"

namespace streamhost::runtime {

/// One piece of blocking work. Of an accepted job exactly one of `run` and `dropped` is called.
struct Job {
    std::string name;  ///< for reports: who, not what ("plugin:history")
    Task run;          ///< [worker]
    Task dropped;      ///< [control] in stop(), when its time came before a thread did; may be empty
};

enum class SubmitStatus : std::uint8_t {
    accepted = 1,
    busy,      ///< all threads and the queue are full: say so to whoever asked
    stopping,  ///< no new work
};

struct WorkerPoolOptions {
    std::string name = "worker";
    Roles roles = Role::worker_short;
    std::size_t min_threads = 0;     ///< never retired once started
    std::size_t max_threads = 2;     ///< grown on demand, one per job that finds no idle thread
    std::size_t queue_limit = 1024;  ///< jobs beyond max_threads that may wait; 0: run at once or busy
    std::size_t owed_threads = 2;    ///< beyond max_threads, for owed jobs alone
    std::uint64_t idle_ms = 10'000;  ///< after which a thread above min_threads ends
    std::uint64_t budget_ms = 0;     ///< a longer job is counted and named; 0: none
    /// [worker] After a job that took longer than its budget. Must not throw.
    std::function<void(const std::string& job, std::uint64_t took_ms)> on_overrun;

    /// Tokens, files, administration: jobs that end soon.
    static WorkerPoolOptions short_jobs(std::size_t threads);
    /// A thread per running job up to a cap, none waiting: a thousand slow answers starve nobody.
    static WorkerPoolOptions long_jobs(std::size_t cap);
};

/// The problem: work that blocks must not run on a loop, and must not queue without end either; and a stop
/// has to say which job holds it up.
class WorkerPool {
public:
    WorkerPool(const Clock& clock, WorkerPoolOptions options);
    ~WorkerPool();  ///< stops; aborts, naming it, when a job does not end
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// [any] Does not wait. A refused job stays the caller's.
    [[nodiscard]] SubmitStatus submit(Job&& job);
    /// [any] For what somebody waits for and nobody may refuse, such as an answer: goes before other jobs,
    /// has no limit here (its sender has one) and threads of its own, since the jobs that fill the pool may
    /// be those that wait for it. False: the pool stops, the job stays the caller's.
    [[nodiscard]] bool submit_owed(Job&& job);

    struct StopReport {
        std::vector<std::string> running;  ///< jobs that hold a thread still
        std::vector<std::string> dropped;  ///< jobs that never got one
    };
    /// [control] Refuses new jobs, lets the accepted ones run for timeout_ms, drops those that still wait
    /// then. May be called again while some are running.
    StopReport stop(std::uint64_t timeout_ms);

    struct Running {
        std::string name;
        std::uint64_t for_ms = 0;
    };
    [[nodiscard]] std::vector<Running> running()
        const;  ///< [any] for health: what runs, and how long already

    struct Stats {
        std::size_t threads = 0;
        std::size_t running = 0;
        std::size_t waiting = 0;
        std::uint64_t done = 0;
        std::uint64_t busy = 0;      ///< refused
        std::uint64_t overruns = 0;  ///< jobs beyond budget_ms
    };
    [[nodiscard]] Stats stats() const;  ///< [any]

private:
    struct Worker {
        std::thread thread;
        bool busy = false;
        std::string job;
        std::uint64_t began_ns = 0;
    };
    using Workers = std::list<Worker>;

    [[nodiscard]] bool grow();
    [[nodiscard]] bool start_thread();
    [[nodiscard]] bool may_run() const noexcept;
    void work(Workers::iterator self);
    [[nodiscard]] bool wait_for_job(std::unique_lock<std::mutex>& lock);
    void run(std::unique_lock<std::mutex>& lock, Worker& self);
    static void join_all(Workers workers);

    const Clock& clock_;
    const WorkerPoolOptions options_;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable job_or_stop_;
    std::condition_variable ended_;
    std::deque<Job> owed_;
    std::deque<Job> queue_;
    std::size_t common_ = 0;  // running jobs that were not owed
    Workers workers_;
    Workers retired_;  // left their loop, to be joined
    std::size_t idle_ = 0;
    bool stopping_ = false;
    Stats stats_;
};

}  // namespace streamhost::runtime
