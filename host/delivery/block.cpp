#include "delivery/block.hpp"

#include <cassert>
#include <limits>
#include <new>

namespace streamhost::delivery {
namespace {

std::atomic<std::size_t> allocated{0};

}  // namespace

static_assert(sizeof(Block) == 32 && alignof(Block) == 16);

BlockRef Block::create(std::size_t total_bytes, Position before) {
    assert(total_bytes % 16 == 0 && total_bytes > sizeof(Block));
    void* memory = ::operator new(total_bytes);
    allocated.fetch_add(total_bytes, std::memory_order_relaxed);
    return BlockRef(new (memory) Block(static_cast<std::uint32_t>(total_bytes - sizeof(Block)), before));
}

std::size_t Block::total_for(std::size_t frame_bytes) {
    return (sizeof(Block) + frame_bytes + sizeof(Mark) + 15) / 16 * 16;
}

std::size_t Block::allocated_bytes() { return allocated.load(std::memory_order_relaxed); }

void Block::release() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    allocated.fetch_sub(total_bytes(), std::memory_order_relaxed);
    this->~Block();
    ::operator delete(static_cast<void*>(this));
}

const Block::Mark* Block::mark(std::uint32_t index) const {
    return reinterpret_cast<const Mark*>(data() + capacity_) - index - 1;
}

std::uint32_t Block::offset_after(std::uint32_t marks) const { return marks == 0 ? 0 : mark(marks - 1)->end; }

Position Block::position_after(std::uint32_t marks) const {
    if (marks == 0) return before_;
    const Mark* last = mark(marks - 1);
    return {before_.seq + last->seq_delta, last->check};
}

std::uint32_t Block::marks_within(std::uint32_t offset, std::uint32_t marks) const {
    std::uint32_t low = 0;
    while (low < marks) {
        const std::uint32_t middle = low + (marks - low) / 2;
        if (mark(middle)->end <= offset)
            low = middle + 1;
        else
            marks = middle;
    }
    return low;
}

std::uint32_t Block::marks_up_to(std::uint64_t seq, std::uint32_t marks) const {
    std::uint32_t low = 0;
    while (low < marks) {
        const std::uint32_t middle = low + (marks - low) / 2;
        if (before_.seq + mark(middle)->seq_delta <= seq)
            low = middle + 1;
        else
            marks = middle;
    }
    return low;
}

bool Block::fits(std::size_t frame_bytes, std::uint64_t seq) const {
    const std::size_t used = data_end_ + sizeof(Mark) * (mark_count_ + std::size_t{1});
    return used <= capacity_ && frame_bytes <= capacity_ - used &&
           seq - before_.seq <= std::numeric_limits<std::uint32_t>::max();
}

void Block::commit(std::size_t frame_bytes, Position after) {
    data_end_ += static_cast<std::uint32_t>(frame_bytes);
    auto* slot = const_cast<Mark*>(mark(mark_count_));
    new (slot) Mark{after.check, static_cast<std::uint32_t>(after.seq - before_.seq), data_end_};
    ++mark_count_;
}

void Block::truncate(std::uint32_t marks) {
    data_end_ = offset_after(marks);
    mark_count_ = marks;
}

}  // namespace streamhost::delivery
