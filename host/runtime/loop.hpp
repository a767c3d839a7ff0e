#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/fd_table.hpp"
#include "runtime/inbox.hpp"
#include "runtime/role.hpp"
#include "runtime/round_meter.hpp"
#include "runtime/task.hpp"
#include "runtime/timer_wheel.hpp"

namespace streamhost::runtime {

struct LoopOptions {
    std::string name = "loop";         ///< thread name, 15 characters are shown
    std::uint16_t index = 0;           ///< of this loop in its group
    Roles roles = Role::loop;          ///< what the thread may do while it runs the loop
    std::size_t inbox_limit = 65'536;  ///< tasks; binds try_post() alone
    std::size_t max_events = 256;      ///< per epoll_wait
    std::size_t max_timers = 1'024;    ///< wheel nodes looked at in one round
    std::uint64_t phase_us = 2'000;    ///< time for the events of a round, and again for its tasks
};

/// Runs at the end of each round, in order of registration: where dirty lists are flushed, once, whatever
/// number of events made them dirty.
class RoundHook {
public:
    /// [loop] Keeps to a budget of its own; true when work is left, and the loop comes round again without
    /// sleep.
    virtual bool on_round_end() = 0;

protected:
    ~RoundHook() = default;
};

/// The problem: thousands of sockets, deadlines and messages from other threads, one thread to serve them,
/// and none of them may starve the others.
///
/// One loop = epoll (level triggered), an inbox, a timer wheel. A round: wait, events, timers, tasks, hooks,
/// after_round(). Each phase has a budget and what is left goes first in the next round, so no phase starves
/// another. [loop] functions belong to the thread that runs the loop, and before run() to whoever built it.
/// An exception that leaves a handler is a fault: it is counted and the loop goes on.
class Loop {
public:
    Loop(const Clock& clock, LoopOptions options);  ///< throws std::system_error without descriptors
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    struct StopReport {
        std::size_t tasks_dropped = 0;  ///< accepted, not run within the grace time; destroyed
        std::size_t fds_left = 0;       ///< still watched
    };
    /// Runs rounds until a stop is requested. Then other threads' posts are refused, and rounds go on until
    /// the accepted tasks and those that they post are done, or the grace time is over.
    StopReport run();
    void request_stop(std::uint64_t grace_ms) noexcept;  ///< [any]
    /// One round that sleeps at most max_wait_ms, on the calling thread: for tests and small tools.
    void run_once(int max_wait_ms);

    /// [any] The one door for other threads. post() is for the host's own work: it is never refused for lack
    /// of room. try_post() is for producers that can be told "busy". A refused task stays the caller's.
    [[nodiscard]] PostStatus post(Task&& task);
    [[nodiscard]] PostStatus try_post(Task&& task);

    /// [loop] Reports `events` (EPOLLIN, ...) of fd to the handler until unwatch(). Fails like epoll_ctl.
    [[nodiscard]] std::error_code watch(int fd, std::uint32_t events, FdHandler& handler, FdToken& token);
    [[nodiscard]] std::error_code rewatch(FdToken token, std::uint32_t events);  ///< [loop]
    void unwatch(FdToken& token) noexcept;  ///< [loop] clears the token; call it before close(fd)
    /// [loop] The same for a descriptor that nobody shares and that is closed next: the kernel then ends its
    /// watch by itself, and this is no system call.
    void forget(FdToken& token) noexcept;

    void arm(Timer& timer, std::uint64_t delay_ms) {
        timers_.arm_at(timer, now_ms() + delay_ms);
    }  ///< [loop]
    [[nodiscard]] std::uint64_t now_ms() const noexcept {
        return now_ns_ / 1'000'000;
    }                                                                        ///< [loop] of this round
    [[nodiscard]] std::uint64_t now_ns() const noexcept { return now_ns_; }  ///< [loop] of this round

    void add_hook(RoundHook& hook);     ///< [loop] the hook outlives its registration
    void remove_hook(RoundHook& hook);  ///< [loop] not from inside a hook
    void after_round(Task task);        ///< [loop] once, when all hooks of this round have run

    [[nodiscard]] bool in_loop() const noexcept { return current() == this; }  ///< [any]
    [[nodiscard]] static Loop* current() noexcept;  ///< [any] nullptr outside of loops
    [[nodiscard]] const LoopOptions& options() const noexcept { return options_; }
    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
    [[nodiscard]] const RoundMeter& meter() const noexcept { return meter_; }  ///< [any] rounds, lag, counts

private:
    class Entered;

    void round(int max_wait_ms);
    [[nodiscard]] int wait_ms(int max_wait_ms) const;
    void wait(int timeout_ms);
    void dispatch_events();
    void dispatch_tasks();
    void dispatch_hooks();
    [[nodiscard]] bool work_left() const noexcept;
    [[nodiscard]] bool tasks_left() const noexcept;
    StopReport drop_tasks();
    PostStatus post_here(Task&& task, bool bounded);
    void check_owner(const char* what) const noexcept;

    const LoopOptions options_;
    const Clock& clock_;
    const int epoll_fd_;
    Inbox inbox_;
    TimerWheel timers_;
    FdTable fds_;
    RoundMeter meter_;
    std::uint64_t now_ns_;

    std::vector<epoll_event> events_;  // of the last epoll_wait; [next_event_, event_count_) are still to do
    std::size_t next_event_ = 0;
    std::size_t event_count_ = 0;
    std::uint32_t unasked_ = 0;  // rounds since epoll was asked
    std::vector<Task> batch_;    // from next_task_ on still to do
    std::size_t next_task_ = 0;
    std::vector<Task> local_;        // posted from the loop itself: no lock, no bell
    std::vector<Task> after_round_;  // one-shot
    std::vector<RoundHook*> hooks_;
    bool bell_ = false;  // the inbox's eventfd was seen readable
    bool timers_left_ = false;
    bool hooks_left_ = false;
    bool ended_ = false;

    std::atomic<bool> entered_{false};
    std::atomic<std::uint64_t> stop_at_ns_{0};  // 0: no stop requested
};

}  // namespace streamhost::runtime
