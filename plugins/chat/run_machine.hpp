// The problem: a run ends exactly once, but its provider, a cancel, a shutdown, the store and other nodes all
// may end it at the same time, and every answer of the store may come late or say that it is not known.
//
//   pending  claiming  preparing  ready  producing  ending  concluding  over
//
// What happened goes in, what to do next comes out; no I/O and no clock. Not thread-safe. [store]
#pragma once

#include <cstdint>

#include "streamhost/status.hpp"

namespace chat {

enum class Phase : std::uint8_t {
    pending,
    claiming,
    preparing,
    ready,       // waits for a thread
    producing,   // has one
    ending,      // its end is on the way to the store
    concluding,  // ended; the session hears of it
    over
};

enum class Act : std::uint8_t {
    nothing,
    claim,
    wait,      // back among the pending
    prepare,   // read what the prompt needs
    start,     // ask for a thread
    finish,    // store the end that was given, or that the failure asks for
    conclude,  // write message and state to the session's stream
    forget     // not ours any more
};

struct RunLimits {
    std::uint32_t claims = 20;   // failed attempts, over half a minute, before the run ends with an error
    std::uint32_t finishes = 8;  // then the reaper of some node does it
    std::uint32_t conclusions = 8;
    // When the claims fail for good. A run that others may take as well is left to them (`forget`).
    Act without_claim = Act::finish;
};

class RunMachine {
public:
    explicit RunMachine(RunLimits limits = {}) : limits_(limits) {}

    [[nodiscard]] Act admit();
    [[nodiscard]] Act claimed(sh_status status);
    [[nodiscard]] Act prepared();
    // Whether a thread took it; without one it stays ready.
    void started(bool taken);
    // The provider has returned and its end is queued behind its text.
    void end_queued();
    // How the queued end was answered. Fenced may mean that the streamcache forgot its producers: a finish
    // with our fence finds out.
    [[nodiscard]] Act end_written(sh_status status);
    // How a finish was answered.
    [[nodiscard]] Act finished(sh_status status);
    // It has to end now: shutdown, time limit, a write that failed.
    [[nodiscard]] Act end_now();
    // Somebody else claimed it: its end is theirs.
    [[nodiscard]] Act fenced();
    // Somebody else stored an end: a cancel.
    [[nodiscard]] Act ended_elsewhere();
    [[nodiscard]] Act concluded(sh_status status);

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    [[nodiscard]] bool waits() const noexcept { return phase_ < Phase::producing; }
    [[nodiscard]] bool has_ended() const noexcept { return phase_ >= Phase::concluding; }
    // Failed attempts of the present phase, for the back-off.
    [[nodiscard]] std::uint32_t attempts() const noexcept { return attempts_; }

private:
    Act go(Phase phase, Act act);
    Act fail(Act act, std::uint32_t limit, Act at_limit);

    RunLimits limits_;
    Phase phase_ = Phase::pending;
    std::uint32_t attempts_ = 0;
};

// Doubles from first to last. [any]
[[nodiscard]] constexpr std::uint32_t back_off_ms(std::uint32_t attempts, std::uint32_t first,
                                                  std::uint32_t last) noexcept {
    const std::uint32_t shift = attempts > 16 ? 16 : attempts;
    const std::uint64_t wait = static_cast<std::uint64_t>(first) << shift;
    return wait < last ? static_cast<std::uint32_t>(wait) : last;
}

}  // namespace chat
