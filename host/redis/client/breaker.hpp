#pragma once

#include <cstdint>

namespace streamhost::redis {

enum class BreakerState : std::uint8_t {
    kClosed = 1,  // calls pass, or wait for the master
    kOpen,        // calls are refused at once
    kProbing,     // still refused, and one attempt is under way
};

struct BreakerOptions {
    std::uint32_t failures = 5;        // attempts in a row
    std::uint32_t silence_ms = 3'000;  // without a sign of the master; longer than a failover takes
    std::uint32_t probe_least_ms = 200;
    std::uint32_t probe_most_ms = 2'000;
};

// The problem: a caller who waits its whole deadline for a store that is gone ties up what it holds; one who
// is refused at the first slow answer flaps.
//
// A circuit breaker (M. Nygard, Release It!, 2007) of one store role. What counts is a sign of the master (a
// byte from a server that proved to be one), not how long one call took: it opens after so many failed
// attempts in a row, or so long without a sign, and closes with the next sign. While it is open attempts come
// at random distances, so that a thousand nodes do not knock together. No clock, no random source: both are
// passed in, times in milliseconds of any monotonic clock, random from [0, 1).
class Breaker {
public:
    Breaker(BreakerOptions options, std::int64_t now_ms) : options_(options), heard_ms_(now_ms) {}

    // A sign of the master.
    void heard(std::int64_t now_ms) noexcept {
        heard_ms_ = now_ms;
        failures_ = 0;
        state_ = BreakerState::kClosed;
    }
    // An attempt to reach it came to nothing.
    void failed(std::int64_t now_ms, double random) noexcept {
        ++failures_;
        if (state_ == BreakerState::kProbing || (is_closed() && failures_ >= options_.failures))
            open(now_ms, random);
    }
    // An attempt begins.
    void tried() noexcept {
        if (state_ == BreakerState::kOpen) state_ = BreakerState::kProbing;
    }
    void tick(std::int64_t now_ms, double random) noexcept {
        if (is_closed() && now_ms - heard_ms_ >= options_.silence_ms) open(now_ms, random);
    }

    [[nodiscard]] BreakerState state() const noexcept { return state_; }
    [[nodiscard]] bool is_closed() const noexcept { return state_ == BreakerState::kClosed; }
    // While open: no attempt before.
    [[nodiscard]] std::int64_t probe_at_ms() const noexcept { return probe_at_ms_; }
    // How often it opened.
    [[nodiscard]] std::uint64_t openings() const noexcept { return openings_; }

private:
    void open(std::int64_t now_ms, double random) noexcept {
        if (is_closed()) ++openings_;
        state_ = BreakerState::kOpen;
        const double range = options_.probe_most_ms - options_.probe_least_ms;
        probe_at_ms_ = now_ms + options_.probe_least_ms + static_cast<std::int64_t>(range * random);
    }

    BreakerOptions options_;
    BreakerState state_ = BreakerState::kClosed;
    std::uint32_t failures_ = 0;
    std::int64_t heard_ms_;
    std::int64_t probe_at_ms_ = 0;
    std::uint64_t openings_ = 0;
};

}  // namespace streamhost::redis
