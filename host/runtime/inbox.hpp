#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "runtime/task.hpp"

namespace streamhost::runtime {

/// What became of a task handed to another thread. Refused: the task is still the caller's.
enum class PostStatus : std::uint8_t {
    accepted = 1,
    full,    ///< the limit for foreign producers is reached: say "busy" to whoever asked
    closed,  ///< the receiver has ended
};

/// The problem: many threads hand work to one loop, which sleeps in epoll_wait. A write to its eventfd per
/// task would cost a system call each.
///
/// A queue of many producers and one consumer. The consumer takes everything at once; of a burst, only the
/// first task rings the bell. A mutex held for a few instructions: the queue keeps its two buffers, so a
/// steady load allocates nothing, and the order of one producer's tasks is kept.
class Inbox {
public:
    /// `limit` binds try_push() alone: work of the host itself is never lost, only counted when it is over.
    explicit Inbox(std::size_t limit);
    ~Inbox();
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    [[nodiscard]] PostStatus push(Task&& task);      ///< [any] accepted or closed
    [[nodiscard]] PostStatus try_push(Task&& task);  ///< [any] for producers that can be told "busy"

    /// [consumer] Moves all tasks into `batch`, which must be empty, and arms the bell. Returns their number.
    std::size_t take(std::vector<Task>& batch);
    /// [consumer] Refuses all later tasks and hands out those that wait.
    void close(std::vector<Task>& left);
    /// [any] Wakes the consumer without a task.
    void wake() const noexcept;

    [[nodiscard]] int event_fd() const noexcept { return event_fd_; }  ///< readable after the bell rang
    void acknowledge() const noexcept;                                 ///< [consumer] makes it unreadable

    struct Stats {
        std::size_t waiting = 0;
        std::uint64_t refused = 0;     ///< try_push() at the limit
        std::uint64_t over_limit = 0;  ///< push() beyond the limit
        std::uint64_t wake_ups = 0;
    };
    [[nodiscard]] Stats stats() const;  ///< [any]

private:
    PostStatus add(Task&& task, bool bounded);

    const std::size_t limit_;
    const int event_fd_;
    mutable std::mutex mutex_;
    std::vector<Task> waiting_;  // guarded by mutex_, as are the following
    bool rung_ = false;
    bool closed_ = false;
    Stats stats_;
};

}  // namespace streamhost::runtime
