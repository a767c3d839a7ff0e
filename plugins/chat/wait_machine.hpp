// The problem: a run stands in a queue, and its job may be lost there, taken by a worker that dies, or never
// be taken at all. The node that put it there watches it until somebody claimed it, and ends it when nobody
// does. Watching is a look at the run itself; the queue is never asked.
//
// Time and answers go in, what to do next comes out; no I/O and no clock. [store]
#pragma once

#include <cstdint>

#include "streamhost/abi/status.h"

namespace chat {

// After the lease of 6 s that its worker let lapse: ended with `lost` 8 s after the last sign of life.
constexpr std::uint32_t kTakeoverMs = 2'000;

struct WaitOptions {
    std::uint32_t wait_ms = 60'000;       // then it has expired
    std::uint64_t claims = 0;             // that it has had already: one more is what is waited for
    std::uint32_t push_again_ms = 5'000;  // after a push that came to nothing, doubled each time
    std::uint32_t look_ms = 500;
    std::uint32_t refresh_ms = 2'000;  // its place in the list of open runs
};

// Of a run that `claims` workers had and lost. One that takes it and is cut off before its claim must not use
// up the time of the others: it is queued once more while there is enough of it left.
[[nodiscard]] constexpr WaitOptions takeover_wait(std::uint64_t claims) {
    return {.wait_ms = kTakeoverMs, .claims = claims, .push_again_ms = 700};
}

enum class WaitAct : std::uint8_t { nothing, push, look, refresh };
enum class WaitNews : std::uint8_t {
    waits,
    taken,   // a worker claimed it: that one holds it from now on
    ended,   // by whomever
    expired  // nobody claimed it in time
};

class WaitMachine {
public:
    WaitMachine(WaitOptions options, std::int64_t now_ms)
        : options_(options),
          since_ms_(now_ms),
          expires_ms_(now_ms + options.wait_ms),
          push_at_ms_(now_ms),
          look_at_ms_(now_ms + options.look_ms) {}

    // Until it answers `nothing`. Each push is answered by pushed(), each look by looked().
    [[nodiscard]] WaitAct next(std::int64_t now_ms);
    void pushed(sh_status status, std::int64_t now_ms);
    // `ended` and `claims` as the store has them. A look that failed says nothing, and what nobody could
    // claim meanwhile has kTakeoverMs, or wait_ms where that is less, from then on.
    [[nodiscard]] WaitNews looked(sh_status status, bool ended, std::uint64_t claims, std::int64_t now_ms);
    [[nodiscard]] std::int64_t waited_ms(std::int64_t now_ms) const noexcept { return now_ms - since_ms_; }

private:
    WaitOptions options_;
    std::int64_t since_ms_;
    std::int64_t expires_ms_;
    std::int64_t push_at_ms_;
    std::int64_t look_at_ms_;
    std::int64_t refresh_at_ms_ = 0;
    std::uint32_t failed_pushes_ = 0;
    bool is_pushing_ = false;
    bool is_looking_ = false;
};

}  // namespace chat
