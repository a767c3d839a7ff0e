// The problem: a message that is no request, or comes too often, is answered, and answering costs more than
// sending it. Whoever does nothing else must not go on for ever, also when a good message comes in between.
//
// A connection may lose kMost of them at once, and one more each kBackMs. No clock: time is passed in.
#pragma once

#include <algorithm>
#include <cstdint>

namespace gateway {

class Patience {
public:
    static constexpr std::int64_t kMost = 100;
    static constexpr std::int64_t kBackMs = 1'000;

    // False: that was one too many.
    [[nodiscard]] bool lose(std::int64_t now_ms) {
        const std::int64_t back = (now_ms - since_ms_) / kBackMs;
        lost_ = std::max<std::int64_t>(0, lost_ - back);
        since_ms_ = lost_ == 0 ? now_ms : since_ms_ + back * kBackMs;
        return ++lost_ < kMost;
    }

private:
    std::int64_t lost_ = 0;
    std::int64_t since_ms_ = 0;
};

}  // namespace gateway
