#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "delivery/record.hpp"

namespace streamhost::delivery {

class BlockRef;

/// A slotted page of ready frames. Frame bytes grow upwards from the start, one mark per frame grows
/// downwards from the end, so nothing ever moves: all below a published (data_end, mark_count) is immutable
/// and any thread may read it. data_end() and mark_count() themselves belong to the writer; another thread
/// may ask for them only once the block is sealed, that is, after it heard of a later block or of the block's
/// removal.
///
/// Source: the slotted page of database systems (Gray and Reuter, Transaction Processing, 14.2), without its
/// moving.
class alignas(16) Block {
public:
    /// `total_bytes` counts header, frames and marks; a multiple of 16. `before`: the position in front of
    /// the block.
    [[nodiscard]] static BlockRef create(std::size_t total_bytes, Position before);
    /// The total that holds exactly one frame of that size.
    [[nodiscard]] static std::size_t total_for(std::size_t frame_bytes);
    /// Bytes in all blocks of this process. [any]
    [[nodiscard]] static std::size_t allocated_bytes();

    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    [[nodiscard]] const std::uint8_t* data() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }
    [[nodiscard]] std::size_t total_bytes() const { return sizeof(Block) + capacity_; }
    [[nodiscard]] const Position& before() const { return before_; }
    [[nodiscard]] std::uint32_t data_end() const { return data_end_; }
    [[nodiscard]] std::uint32_t mark_count() const { return mark_count_; }

    /// Offset behind the first `marks` frames, and the position of a reader who has them. `marks` must be
    /// published.
    [[nodiscard]] std::uint32_t offset_after(std::uint32_t marks) const;
    [[nodiscard]] Position position_after(std::uint32_t marks) const;
    /// How many of the first `marks` frames end at or before `offset`.
    [[nodiscard]] std::uint32_t marks_within(std::uint32_t offset, std::uint32_t marks) const;
    /// How many of the first `marks` frames hold only records up to `seq`.
    [[nodiscard]] std::uint32_t marks_up_to(std::uint64_t seq, std::uint32_t marks) const;

    /// Writer only.
    [[nodiscard]] bool fits(std::size_t frame_bytes, std::uint64_t seq) const;
    [[nodiscard]] std::uint8_t* tail() { return reinterpret_cast<std::uint8_t*>(this + 1) + data_end_; }
    void commit(std::size_t frame_bytes, Position after);
    void truncate(std::uint32_t marks);

private:
    friend class BlockRef;

    struct Mark {
        std::uint64_t check;
        std::uint32_t seq_delta;  // against before_.seq: 16 bytes per mark instead of 24
        std::uint32_t end;
    };

    Block(std::uint32_t capacity, Position before) : capacity_(capacity), before_(before) {}
    ~Block() = default;
    [[nodiscard]] const Mark* mark(std::uint32_t index) const;
    void release();

    std::atomic<std::uint32_t> refs_{1};
    std::uint32_t capacity_;
    std::uint32_t data_end_ = 0;
    std::uint32_t mark_count_ = 0;
    Position before_;
};

/// Shared ownership of a block, 8 bytes. Copies may live on any threads.
class BlockRef {
public:
    BlockRef() = default;
    BlockRef(const BlockRef& other) : block_(other.block_) {
        if (block_ != nullptr) block_->refs_.fetch_add(1, std::memory_order_relaxed);
    }
    BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    BlockRef& operator=(BlockRef other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~BlockRef() {
        if (block_ != nullptr) block_->release();
    }

    [[nodiscard]] Block* get() const { return block_; }
    Block* operator->() const { return block_; }
    explicit operator bool() const { return block_ != nullptr; }
    /// True when nobody else holds the block. Exact only while no other thread can be copying a reference.
    [[nodiscard]] bool unique() const { return block_->refs_.load(std::memory_order_acquire) == 1; }

private:
    friend class Block;
    explicit BlockRef(Block* adopted) : block_(adopted) {}

    Block* block_ = nullptr;
};

}  // namespace streamhost::delivery
