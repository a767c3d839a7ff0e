#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/task.hpp"

namespace streamhost::control {

/// The problem: start() posts tasks and sets timers, and the loops that run them have not called loop_start()
/// yet.
///
/// Keeps such work until the instance has started as a whole, then lets it go in the order in which it came.
class StartHold {
public:
    enum class Kept : std::uint8_t {
        kept = 1,
        full,  ///< more than one start has use for
        open,  ///< it has started: the caller does it now
    };
    static constexpr std::size_t kLimit = 65'536;

    [[nodiscard]] bool is_open() const noexcept { return open_.load(std::memory_order_acquire); }  ///< [any]

    /// [any] The task stays the caller's unless it is kept.
    [[nodiscard]] Kept keep(runtime::Task&& task) {
        const std::lock_guard lock(mutex_);
        if (open_.load(std::memory_order_relaxed)) return Kept::open;
        if (tasks_.size() >= kLimit) return Kept::full;
        tasks_.push_back(std::move(task));
        return Kept::kept;
    }

    /// [control] Once. Under the lock, so that nobody's later work overtakes what they gave before: the tasks
    /// only post.
    void release() {
        const std::lock_guard lock(mutex_);
        for (runtime::Task& task : tasks_)
            task();
        tasks_.clear();
        open_.store(true, std::memory_order_release);
    }

    /// [control] The start failed: what waits never runs. Whoever still comes is let through to a closed
    /// gate.
    void drop() {
        std::vector<runtime::Task> tasks;
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
        open_.store(true, std::memory_order_release);
    }

private:
    std::atomic<bool> open_{false};
    std::mutex mutex_;
    std::vector<runtime::Task> tasks_;  // guarded by mutex_
};

}  // namespace streamhost::control
