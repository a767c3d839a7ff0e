#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "delivery/frame_chain.hpp"
#include "delivery/messages.hpp"

namespace streamhost::delivery {

struct Stream;

/// The store thread's end of one encoded log: the chain of frames and who reads it. LogSet drives it.
struct Log {
    struct Share {
        std::uint32_t loop = 0;
        std::uint32_t cursors = 0;
    };

    Log(LogRef log_ref, Stream& owner, EncodingId encoding_id, Position start)
        : chain(start), stream(&owner), ref(log_ref), encoding(encoding_id) {}

    /// The place behind `at`, if the log holds a frame that ends there (or begins there) with the same check.
    [[nodiscard]] std::optional<BlockPos> locate(Position at) const;
    [[nodiscard]] std::optional<std::uint64_t> check_at(std::uint64_t seq) const;

    FrameChain chain;
    Stream* stream;
    LogRef ref;
    EncodingId encoding;
    bool closed = false;
    bool retired =
        false;  ///< Cut off from its stream by reset or a failed encoder; lives until its views are closed.
    bool dirty = false;  ///< On the list of the next flush().
    bool idle_queued = false;
    std::uint32_t announced = 0;       ///< Log index of the first block that the views have not heard of.
    std::uint32_t probe = 0;           ///< Number of the latest probe.
    std::uint32_t awaiting_quiet = 0;  ///< Views that have not answered it; 0: none is out.
    std::int64_t changed_ms = 0;       ///< Last append or attach.
    std::int64_t newest_ts_ms = 0;     ///< Of the newest record, by the store's clock.
    std::int64_t left_ms = 0;          ///< When the last reader left.
    std::vector<Share> shares;

private:
    struct Found {
        BlockPos pos;
        std::uint64_t check;
    };
    [[nodiscard]] std::optional<Found> search(std::uint64_t seq) const;
};

}  // namespace streamhost::delivery
