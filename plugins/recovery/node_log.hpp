// The problem: a reader that is some entries behind costs the store a read, and this node the inflating of
// what is large, although the frames lie here, made for others. When may it have those?
//
// What the node's log holds is what its live readers were given: whoever stands at one of its positions, with
// the same check, goes on like them. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/record.h"

#include "decision.hpp"

namespace recovery {

struct NodeLog {
    sh_position end{};
    std::optional<std::uint64_t> check_before;  // in front of the entry that is wanted; none: not in the log
};

// Of a reader that is told of the stream for the first time the view must be certain to have missed nothing,
// and how a stream ended the store alone knows. A session is read, for its entries name runs.
struct NodeLogReader {
    bool is_attached = false;
    bool is_view_live = false;
    bool follows_runs = false;
    std::uint32_t state = SH_STREAM_UNKNOWN;
};

[[nodiscard]] constexpr bool may_take(const NodeLogReader& reader) {
    if (reader.follows_runs) return false;
    return reader.is_attached || (reader.is_view_live && reader.state == SH_STREAM_OPEN);
}

// Further behind than `max_entries`, joined text from the store is shorter than so many frames.
[[nodiscard]] constexpr bool serves(const NodeLog& log, const Decision& decision, std::uint64_t from,
                                    std::uint64_t max_entries) {
    if (!log.check_before || decision.gap_from != 0) return false;
    if (decision.check_before && *decision.check_before != *log.check_before) return false;
    return from <= log.end.seq + 1 && log.end.seq + 1 - from <= max_entries;
}

}  // namespace recovery
