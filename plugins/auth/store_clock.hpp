// The problem: nodes date revocations for each other, and one whose clock is wrong would date them wrongly.
// So all of them go by the clock of the store, which each hears every second; in between it goes on with
// monotonic time.
//
// heard() on one thread, now_ms() on any. Times are passed in.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace auth {

class StoreClock {
public:
    // What the store said a moment ago, in milliseconds since 1970; 0: it has no clock of its own.
    void heard(std::int64_t store_ms, std::int64_t monotonic_ms) noexcept {
        ahead_ms_.store(store_ms == 0 ? kUnheard : store_ms - monotonic_ms);
    }
    // By the node's own clock, `wall_ms`, until the store was heard.
    [[nodiscard]] std::int64_t now_ms(std::int64_t monotonic_ms, std::int64_t wall_ms) const noexcept {
        const std::int64_t ahead_ms = ahead_ms_.load();
        return ahead_ms == kUnheard ? wall_ms : monotonic_ms + ahead_ms;
    }

private:
    static constexpr std::int64_t kUnheard = std::numeric_limits<std::int64_t>::min();
    std::atomic<std::int64_t> ahead_ms_{kUnheard};
};

}  // namespace auth
