#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace streamhost::runtime {

/// The problem: a loop that is busy for 50 ms makes everything on it 50 ms late, and nobody sees it from
/// inside.
///
/// Counts a loop's rounds and measures how long each kept the thread. Written by the loop alone (plain
/// stores), read by anyone: metrics, health, the watchdog. lag_ns() also shows a round that has not come back
/// yet.
class RoundMeter {
public:
    static constexpr std::uint64_t kWindowNs = 1'000'000'000;

    // [loop]
    void begin_round(std::uint64_t now_ns) noexcept { began_ns_.store(now_ns, std::memory_order_relaxed); }
    void end_round(std::uint64_t now_ns) noexcept {
        const std::uint64_t began_ns = began_ns_.load(std::memory_order_relaxed);
        const std::uint64_t busy_ns = now_ns > began_ns ? now_ns - began_ns : 0;
        if (now_ns - window_began_ns_.load(std::memory_order_relaxed) >= kWindowNs) turn_window(now_ns);
        window_max_ns_.store(std::max(window_max_ns_.load(std::memory_order_relaxed), busy_ns),
                             std::memory_order_relaxed);
        add(busy_ns_, busy_ns);
        began_ns_.store(0, std::memory_order_relaxed);
        rounds_.store(rounds_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    void count_event() noexcept { add(events_, 1); }
    void count_task() noexcept { add(tasks_, 1); }

    // [any]
    [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_.load(std::memory_order_acquire); }
    [[nodiscard]] std::uint64_t events() const noexcept { return events_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t tasks() const noexcept { return tasks_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t busy_ns() const noexcept { return busy_ns_.load(std::memory_order_relaxed); }
    /// How long the present round has been running; 0 while the loop sleeps. Large: the loop is stuck.
    [[nodiscard]] std::uint64_t stuck_ns(std::uint64_t now_ns) const noexcept {
        const std::uint64_t began_ns = began_ns_.load(std::memory_order_relaxed);
        return began_ns != 0 && now_ns > began_ns ? now_ns - began_ns : 0;
    }
    /// The longest time an event had to wait for the loop, in the last one to two seconds.
    [[nodiscard]] std::uint64_t lag_ns(std::uint64_t now_ns) const noexcept {
        std::uint64_t longest = stuck_ns(now_ns);
        const std::uint64_t window_ns = window_began_ns_.load(std::memory_order_relaxed);
        const std::uint64_t age_ns = now_ns > window_ns ? now_ns - window_ns : 0;
        if (age_ns < 2 * kWindowNs)
            longest = std::max(longest, window_max_ns_.load(std::memory_order_relaxed));
        if (age_ns < kWindowNs) longest = std::max(longest, former_max_ns_.load(std::memory_order_relaxed));
        return longest;
    }

private:
    using Number = std::atomic<std::uint64_t>;

    static void add(Number& number, std::uint64_t amount) noexcept {
        number.store(number.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    void turn_window(std::uint64_t now_ns) noexcept {
        former_max_ns_.store(window_max_ns_.exchange(0, std::memory_order_relaxed),
                             std::memory_order_relaxed);
        window_began_ns_.store(now_ns, std::memory_order_relaxed);
    }

    Number rounds_{0};
    Number events_{0};
    Number tasks_{0};
    Number busy_ns_{0};
    Number began_ns_{0};
    Number window_began_ns_{0};
    Number window_max_ns_{0};
    Number former_max_ns_{0};
};

}  // namespace streamhost::runtime
