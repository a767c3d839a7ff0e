#pragma once

#include <cstddef>
#include <cstdint>

#include "delivery/block_list.hpp"
#include "delivery/framing.hpp"

namespace streamhost::delivery {

inline constexpr std::size_t kFirstBlockBytes = 512;
inline constexpr std::size_t kLargestBlockBytes = 32 * 1024;
inline constexpr std::size_t kMaxFrameBytes = std::size_t{1} << 30U;

/// Copies one frame to `out`, which has room for it.
void splice(std::uint8_t* out, const Envelope& envelope, const Piece* pieces, std::size_t count);

/// Appends frames to a growing list of blocks. A frame never crosses a block: a block doubles its predecessor
/// up to 32 KiB, and a frame that is larger gets a block of its own. One writer; see Block for what others
/// may read.
class FrameChain {
public:
    explicit FrameChain(Position start) : last_(start) {}

    [[nodiscard]] const BlockList& blocks() const { return blocks_; }
    [[nodiscard]] const Position& last() const { return last_; }
    /// Position in front of the oldest frame kept.
    [[nodiscard]] Position first() const { return blocks_.empty() ? last_ : blocks_.front()->before(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] BlockPos end() const;

    /// Splices one frame out of envelope and pieces. `after.seq` must not lie below last().seq.
    void append(const Envelope& envelope, const Piece* pieces, std::size_t count, std::size_t payload_bytes,
                Position after);

    /// Takes back everything appended since `to`, an earlier end() with its last(), before it was published.
    void rollback(const BlockPos& to, Position last);
    /// Gives up the blocks below `index`; frames appended later start a new, small block when all are gone.
    void drop_before(std::uint32_t index);

private:
    [[nodiscard]] Block& block_for(std::size_t frame_bytes, std::uint64_t seq);

    BlockList blocks_;
    Position last_;
    std::size_t bytes_ = 0;
};

}  // namespace streamhost::delivery
