// A token bucket in one number: the time when it is full again. What is missing from it is the time until
// then.
//
// Source: the generic cell rate algorithm of ITU-T I.371 (annex A, virtual scheduling), which gives the same
// answers as a token bucket that is filled continuously.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "limit.hpp"

namespace ratelimit {

// Times are ns of any clock; one that goes backwards costs a whole bucket at the most. `cost` is 1 to
// rate.burst. One thread at a time.
class Gcra {
public:
    // How long to wait until `cost` tokens are there; 0: they are.
    [[nodiscard]] std::int64_t wait_ns(const Rate& rate, std::int64_t cost,
                                       std::int64_t now_ns) const noexcept {
        return std::max<std::int64_t>(0,
                                      missing_ns(rate, now_ns) + cost * rate.interval_ns - rate.whole_ns());
    }
    // Only when wait_ns() is 0.
    void take(const Rate& rate, std::int64_t cost, std::int64_t now_ns) noexcept {
        full_at_ns_ = now_ns + missing_ns(rate, now_ns) + cost * rate.interval_ns;
    }
    // Full: as if nothing had ever been taken.
    [[nodiscard]] std::int64_t full_at_ns() const noexcept { return full_at_ns_; }

private:
    [[nodiscard]] std::int64_t missing_ns(const Rate& rate, std::int64_t now_ns) const noexcept {
        if (full_at_ns_ <= now_ns) return 0;
        return std::min(full_at_ns_ - now_ns, rate.whole_ns());
    }

    std::int64_t full_at_ns_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace ratelimit
