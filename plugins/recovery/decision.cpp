#include "decision.hpp"

namespace recovery {

namespace {

// Everything from the start, telling what was trimmed away.
Decision from_the_start(const Stand& stand, bool recovered, std::string_view reason) {
    Decision decision{.act = Act::kReplay, .recovered = recovered, .reason = reason, .replay_from = 1};
    if (stand.first > 1) {
        decision.replay_from = stand.first;
        decision.gap_from = 1;
        decision.recovered = false;
        decision.reason = "trimmed";
    }
    return decision;
}

Decision after_position(const sh_position& position, const Stand& stand, const Awaited& awaited) {
    if (position.seq == 0) return from_the_start(stand, true, {});
    if (position.seq > stand.head.seq) {
        const bool may_come = awaited.entries && !has_ended(stand.state);  // nothing comes behind an end
        return may_come ? Decision{.act = Act::kLookAgain} : diverged();
    }
    if (position.seq == stand.head.seq) {
        if (position.check != stand.head.check) return diverged();
        return {.act = Act::kNothing, .recovered = true};
    }
    if (position.seq + 1 < stand.first) {
        return {.act = Act::kReplay,
                .recovered = false,
                .reason = "trimmed",
                .replay_from = stand.first,
                .gap_from = position.seq + 1};
    }
    return {.act = Act::kReplay,
            .recovered = true,
            .replay_from = position.seq + 1,
            .check_before = position.check};
}

}  // namespace

Decision decide(const Wish& wish, const Stand& stand, const Awaited& awaited) {
    if (stand.state == SH_STREAM_UNKNOWN) {
        const bool had_something = wish.from == SH_FROM_POSITION && wish.position.seq > 0;
        if (had_something && awaited.streams) return {.act = Act::kLookAgain};
        return {.act = Act::kNothing, .recovered = false, .reason = had_something ? "expired" : "unknown"};
    }
    switch (wish.from) {
    case SH_FROM_POSITION: return after_position(wish.position, stand, awaited);
    case SH_FROM_START: return from_the_start(stand, false, "new");
    case SH_FROM_TAIL: return {.act = Act::kNothing, .recovered = false, .reason = "new"};
    default: break;
    }
    if (stand.head.seq == 0) return {.act = Act::kNothing, .recovered = false, .reason = "new"};
    return {.act = Act::kSnapshot, .recovered = false, .reason = "new"};
}

}  // namespace recovery
