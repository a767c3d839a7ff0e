#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/task.hpp"

namespace streamhost::runtime {

class LoopGroup;

/// The problem: to stop a thing that others call, new calls must be refused and running ones waited for.
/// Two kinds, because the price differs by two orders: workers count each call, loops only pass rounds.
///
/// CountedGate is for workers. A holder enters, works and leaves; after close() nobody enters, and
/// wait_empty() returns once the last has left. The gate may be destroyed as soon as wait_empty() said true.
class CountedGate {
public:
    CountedGate() = default;
    ~CountedGate();  ///< a gate with somebody inside is a fault
    CountedGate(const CountedGate&) = delete;
    CountedGate& operator=(const CountedGate&) = delete;

    [[nodiscard]] bool enter() noexcept;  ///< [any] false: closed
    void leave() noexcept;                ///< [any] once per enter() that said true
    void close() noexcept;                ///< [any]
    /// [control] [worker] After close(): true when empty, false when the time is over. Also a second time.
    [[nodiscard]] bool wait_empty(std::uint64_t timeout_ms);

    [[nodiscard]] bool closed() const noexcept {
        return (state_.load(std::memory_order_acquire) & kClosed) != 0;
    }
    [[nodiscard]] std::size_t inside() const noexcept {
        return state_.load(std::memory_order_acquire) / kOne;
    }
    /// [any] Who is inside: the names given to GatePass in debug builds, a number in release builds.
    [[nodiscard]] std::vector<std::string> holders() const;

private:
    friend class GatePass;
    static constexpr std::size_t kClosed = 1;
    static constexpr std::size_t kOne = 2;

    std::atomic<std::size_t> state_{0};  // holders * kOne, + kClosed
    mutable std::mutex mutex_;           // of the last holders' way out, and of names_
    std::condition_variable empty_;
    std::list<std::string_view> names_;
};

/// Enters for a scope: `GatePass pass(gate, "session.find"); if (!pass) return unavailable;`
/// The name outlives the pass; a literal does.
class GatePass {
public:
    GatePass(CountedGate& gate, std::string_view name);
    ~GatePass();
    GatePass(const GatePass&) = delete;
    GatePass& operator=(const GatePass&) = delete;

    [[nodiscard]] explicit operator bool() const noexcept { return gate_ != nullptr; }

private:
    CountedGate* gate_;
#ifndef NDEBUG
    std::list<std::string_view>::iterator name_;
#endif
};

/// For loops: a flag that handlers read for nothing, closed for good and then waited for by rounds. Handlers
/// that saw it open have ended once every loop has passed the end of a round that began, or went on, after
/// close().
class RoundGate {
public:
    [[nodiscard]] bool open() const noexcept {
        return open_.load(std::memory_order_acquire);
    }                                                                         ///< [loop] [store]
    void close() noexcept { open_.store(false, std::memory_order_release); }  ///< [any]

private:
    std::atomic<bool> open_{true};
};

/// [any] Calls `done` exactly once when each loop of the group has ended its present round, its hooks
/// included, on the loop that was last (keep it short: post; it must not throw). A loop that has ended counts
/// as quiet.
void quiesce(LoopGroup& group, Task done);

/// [control] [worker] The same, waiting. Returns the names of the loops that did not come round in time; on a
/// loop, which would wait for itself, a fault and all names at once.
[[nodiscard]] std::vector<std::string> wait_quiet(LoopGroup& group, std::uint64_t timeout_ms);

}  // namespace streamhost::runtime
