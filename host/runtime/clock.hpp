#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace streamhost::runtime {

/// The problem: code that reads the time cannot be tested for what happens at a deadline. Whoever needs the
/// time gets a Clock, or better, the time itself.
///
/// Monotonic time measures durations and deadlines (its zero means nothing); wall time is for people and for
/// other machines, and may jump. Both in nanoseconds, so that one unit serves a lag metric and a lease. [any]
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual std::uint64_t monotonic_ns() const noexcept = 0;
    [[nodiscard]] virtual std::int64_t wall_ns() const noexcept = 0;  ///< since 1970-01-01 UTC

    [[nodiscard]] std::uint64_t monotonic_ms() const noexcept { return monotonic_ns() / 1'000'000; }
    [[nodiscard]] std::int64_t wall_ms() const noexcept { return wall_ns() / 1'000'000; }
};

/// The machine's clocks.
class SystemClock final : public Clock {
public:
    [[nodiscard]] std::uint64_t monotonic_ns() const noexcept override {
        return static_cast<std::uint64_t>(nanoseconds(std::chrono::steady_clock::now()));
    }
    [[nodiscard]] std::int64_t wall_ns() const noexcept override {
        return nanoseconds(std::chrono::system_clock::now());
    }

private:
    template <class TimePoint>
    static std::int64_t nanoseconds(TimePoint at) noexcept {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
    }
};

/// A clock that stands still until a test moves it; from any thread. Moving it wakes nobody.
class ManualClock final : public Clock {
public:
    explicit ManualClock(std::uint64_t monotonic_ms = 1, std::int64_t wall_ms = 0) noexcept
        : monotonic_ns_(monotonic_ms * 1'000'000), wall_ns_(wall_ms * 1'000'000) {}

    [[nodiscard]] std::uint64_t monotonic_ns() const noexcept override { return monotonic_ns_.load(); }
    [[nodiscard]] std::int64_t wall_ns() const noexcept override { return wall_ns_.load(); }

    void advance_ns(std::uint64_t delta_ns) noexcept {
        monotonic_ns_ += delta_ns;
        wall_ns_ += static_cast<std::int64_t>(delta_ns);
    }
    void advance_ms(std::uint64_t delta_ms) noexcept { advance_ns(delta_ms * 1'000'000); }
    /// The wall clock alone, as an administrator or NTP would do it.
    void step_wall_ms(std::int64_t delta_ms) noexcept { wall_ns_ += delta_ms * 1'000'000; }

private:
    std::atomic<std::uint64_t> monotonic_ns_;
    std::atomic<std::int64_t> wall_ns_;
};

}  // namespace streamhost::runtime
