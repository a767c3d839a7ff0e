#pragma once

#include <algorithm>
#include <cstdint>

namespace streamhost::redis {

// The problem: whoever lost a server comes back at once and again, all together, and keeps it down.
//
// Waits that double, each drawn evenly from nothing to its window ("full jitter": M. Brooker, Exponential
// Backoff And Jitter, AWS Architecture Blog, 2015). Without a random source of its own: the caller gives a
// number from [0, 1).
class Backoff {
public:
    struct Options {
        std::uint32_t first_ms = 20;
        std::uint32_t most_ms = 1'000;
    };
    Backoff() = default;
    explicit Backoff(Options options) : options_(options) {}

    // How long to wait before the next attempt.
    [[nodiscard]] std::int64_t next_ms(double random) {
        const std::int64_t window = window_ms();
        if (window < options_.most_ms) ++attempts_;
        return static_cast<std::int64_t>(static_cast<double>(window) * random);
    }
    // It worked: the next wait is short again.
    void reset() noexcept { attempts_ = 0; }

    [[nodiscard]] std::int64_t window_ms() const noexcept {
        return std::min<std::int64_t>(std::int64_t{options_.first_ms} << attempts_, options_.most_ms);
    }

private:
    Options options_;
    std::uint32_t attempts_ = 0;  // at most what reaches the longest window
};

}  // namespace streamhost::redis
