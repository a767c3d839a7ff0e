#include "run_machine.hpp"

namespace chat {

using streamhost::is_transient;

Act RunMachine::go(Phase phase, Act act) {
    if (phase != phase_ && phase != Phase::claiming) attempts_ = 0;
    phase_ = phase;
    return act;
}

Act RunMachine::fail(Act act, std::uint32_t limit, Act at_limit) {
    if (++attempts_ < limit) return act;
    if (at_limit == Act::forget) phase_ = Phase::over;
    return at_limit;
}

Act RunMachine::admit() { return phase_ == Phase::pending ? go(Phase::claiming, Act::claim) : Act::nothing; }

Act RunMachine::claimed(sh_status status) {
    if (phase_ != Phase::claiming) return Act::nothing;
    if (status == SH_OK) return go(Phase::preparing, Act::prepare);
    if (status == SH_ENDED) return go(Phase::concluding, Act::conclude);
    if (status == SH_HELD) return go(Phase::over, Act::forget);
    if (!is_transient(status) || ++attempts_ >= limits_.claims)
        return limits_.without_claim == Act::forget ? go(Phase::over, Act::forget)
                                                    : go(Phase::ending, Act::finish);
    phase_ = Phase::pending;
    return Act::wait;
}

Act RunMachine::prepared() {
    return phase_ == Phase::preparing ? go(Phase::ready, Act::start) : Act::nothing;
}

void RunMachine::started(bool taken) {
    if (phase_ == Phase::ready && taken) (void)go(Phase::producing, Act::nothing);
}

void RunMachine::end_queued() {
    if (phase_ == Phase::producing) (void)go(Phase::ending, Act::nothing);
}

Act RunMachine::end_written(sh_status status) {
    if (phase_ != Phase::ending) return Act::nothing;
    if (status == SH_OK || status == SH_ENDED) return go(Phase::concluding, Act::conclude);
    return Act::finish;
}

Act RunMachine::finished(sh_status status) {
    if (phase_ != Phase::ending) return Act::nothing;
    // Not known to the store: there is nothing to conclude, which the conclusion finds out and cleans up.
    if (status == SH_OK || status == SH_ENDED || status == SH_NOT_FOUND)
        return go(Phase::concluding, Act::conclude);
    if (status == SH_FENCED) return go(Phase::over, Act::forget);
    return fail(Act::finish, limits_.finishes, Act::forget);
}

Act RunMachine::end_now() {
    if (phase_ >= Phase::ending) return Act::nothing;
    return go(Phase::ending, Act::finish);
}

Act RunMachine::fenced() { return has_ended() ? Act::nothing : go(Phase::over, Act::forget); }

Act RunMachine::ended_elsewhere() {
    if (has_ended()) return Act::nothing;
    return go(Phase::concluding, Act::conclude);
}

Act RunMachine::concluded(sh_status status) {
    if (phase_ != Phase::concluding) return Act::nothing;
    if (status == SH_OK) return go(Phase::over, Act::forget);
    return fail(Act::conclude, limits_.conclusions, Act::forget);
}

}  // namespace chat
