#pragma once

#include <cstdint>
#include <vector>

#include "delivery/messages.hpp"

namespace streamhost::delivery {

class Cursor;

/// One loop's replica of a log: the same immutable blocks, as far as this loop has been told. [loop]
class LogView {
public:
    explicit LogView(LogRef log) : log_(log) {}

    [[nodiscard]] LogRef log() const { return log_; }
    [[nodiscard]] const BlockList& blocks() const { return blocks_; }
    [[nodiscard]] const BlockPos& end() const { return end_; }
    [[nodiscard]] const Position& last() const { return last_; }
    [[nodiscard]] bool closed() const { return closed_; }
    /// Bytes and frames of a held block that this loop may read.
    [[nodiscard]] BlockPos end_of(std::uint32_t block) const;

    /// Takes over what the store thread published; cursors in front of `state.base` must have been seen to
    /// before.
    void publish(const LogState& state, const std::vector<BlockRef>& blocks);

    void add(Cursor& cursor);
    void remove(Cursor& cursor);
    [[nodiscard]] const std::vector<Cursor*>& cursors() const { return cursors_; }
    /// Cursors that stand at the end and wait for more.
    std::uint32_t waiting = 0;
    /// The store thread wants to know when all of them wait at `probe_end`; 0: it does not.
    std::uint32_t probe = 0;
    BlockPos probe_end;
    [[nodiscard]] bool quiet() const { return waiting == cursors_.size() && probe_end == end_; }

private:
    LogRef log_;
    BlockList blocks_;
    BlockPos end_;
    Position last_;
    bool closed_ = false;
    std::vector<Cursor*> cursors_;
};

}  // namespace streamhost::delivery
