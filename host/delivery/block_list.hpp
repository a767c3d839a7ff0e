#pragma once

#include <cstdint>
#include <vector>

#include "delivery/block.hpp"

namespace streamhost::delivery {

/// A place between two frames of a log: `offset` and `mark` say the same (bytes and frames before it in the
/// block), both are kept because the one is needed to send and the other to count and to continue a search.
struct BlockPos {
    std::uint32_t block = 0;  ///< Index since the log began. 32 bits last for 2 TiB of the smallest blocks.
    std::uint32_t offset = 0;
    std::uint32_t mark = 0;

    bool operator==(const BlockPos&) const = default;
    [[nodiscard]] bool before(const BlockPos& other) const {
        return block != other.block ? block < other.block : offset < other.offset;
    }
};

/// References to consecutive blocks by their index in the log; the oldest go first. Costs no heap while
/// empty, which std::deque does not offer and 100,000 idle logs need.
class BlockList {
public:
    explicit BlockList(std::uint32_t base = 0) : base_(base) {}

    [[nodiscard]] std::uint32_t base() const { return base_; }
    [[nodiscard]] std::uint32_t end() const {
        return base_ + static_cast<std::uint32_t>(refs_.size() - head_);
    }
    [[nodiscard]] bool empty() const { return refs_.size() == head_; }
    [[nodiscard]] bool holds(std::uint32_t index) const { return index >= base_ && index < end(); }
    [[nodiscard]] const BlockRef& at(std::uint32_t index) const { return refs_[head_ + (index - base_)]; }
    [[nodiscard]] const BlockRef& front() const { return refs_[head_]; }
    [[nodiscard]] const BlockRef& back() const { return refs_.back(); }

    void push_back(BlockRef block) { refs_.push_back(std::move(block)); }
    void pop_back() { refs_.pop_back(); }
    /// Forgets the blocks below `index`, which may lie beyond the end: then the list is empty and starts
    /// there.
    void drop_before(std::uint32_t index);

private:
    std::vector<BlockRef> refs_;
    std::uint32_t head_ = 0;
    std::uint32_t base_;
};

}  // namespace streamhost::delivery
