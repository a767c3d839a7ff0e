#include "wait_machine.hpp"

#include <algorithm>

#include "run_machine.hpp"

namespace chat {

WaitAct WaitMachine::next(std::int64_t now_ms) {
    if (!is_pushing_ && now_ms >= push_at_ms_) {
        is_pushing_ = true;
        return WaitAct::push;
    }
    if (!is_looking_ && now_ms >= look_at_ms_) {
        is_looking_ = true;
        return WaitAct::look;
    }
    if (now_ms < refresh_at_ms_) return WaitAct::nothing;
    refresh_at_ms_ = now_ms + options_.refresh_ms;
    return WaitAct::refresh;
}

void WaitMachine::pushed(sh_status status, std::int64_t now_ms) {
    is_pushing_ = false;
    if (status != SH_OK) {
        push_at_ms_ = now_ms + back_off_ms(failed_pushes_++, 100, 2'000);
        return;
    }
    failed_pushes_ = 0;
    push_at_ms_ = now_ms + options_.push_again_ms;
    // A queue that is merely long must not fill up with repeats.
    options_.push_again_ms = std::min(options_.push_again_ms * 2, 3'600'000u);
}

WaitNews WaitMachine::looked(sh_status status, bool ended, std::uint64_t claims, std::int64_t now_ms) {
    is_looking_ = false;
    look_at_ms_ = now_ms + options_.look_ms;
    if (status != SH_OK) {
        expires_ms_ = std::max(expires_ms_, now_ms + std::min(options_.wait_ms, kTakeoverMs));
        return WaitNews::waits;
    }
    if (ended) return WaitNews::ended;
    if (claims > options_.claims) return WaitNews::taken;
    return now_ms >= expires_ms_ ? WaitNews::expired : WaitNews::waits;
}

}  // namespace chat
