// What does a reader need to hold the truth? One decision, made from what it says it has and where the stream
// stands. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "streamhost/abi/record.h"
#include "streamhost/abi/svc/recovery.h"
#include "streamhost/plan.hpp"

namespace recovery {

[[nodiscard]] constexpr bool has_ended(std::uint32_t state) {
    return state != SH_STREAM_UNKNOWN && state != SH_STREAM_OPEN;
}

// What the reader asks for.
struct Wish {
    std::uint32_t from = SH_FROM_SNAPSHOT;
    sh_position position{};
};

using Stand = streamhost::StreamStand;

enum class Act : std::uint8_t {
    kNothing = 1,  // it is at the head (or wants only what comes)
    kReplay,       // entries from `replay_from` on; check_before must be the check in front of it
    kSnapshot,
    kLookAgain,  // it holds what the store does not have: a failover may still catch up, ask again before
                 // giving up
};

// What may still come, written again by the nodes that got its acknowledgement.
struct Awaited {
    bool entries = false;  // behind the head
    bool streams = false;
};

struct Decision {
    Act act = Act::kNothing;
    bool recovered = false;
    std::string_view reason;  // "new", "trimmed", "diverged", "unknown", "expired", or empty
    std::uint64_t replay_from = 0;
    std::optional<std::uint64_t>
        check_before;  // replay only if the log has this check there; else it diverged
    std::uint64_t gap_from =
        0;  // 0: no gap; else these entries are lost for ever: gap_from to replay_from - 1
};

[[nodiscard]] Decision decide(const Wish& wish, const Stand& stand, const Awaited& awaited);

// After the log said that the reader's position is not what it has there.
[[nodiscard]] constexpr Decision diverged() {
    return {.act = Act::kSnapshot, .recovered = false, .reason = "diverged"};
}

}  // namespace recovery
