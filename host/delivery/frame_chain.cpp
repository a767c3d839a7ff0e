#include "delivery/frame_chain.hpp"

#include <algorithm>
#include <cstring>

namespace streamhost::delivery {
namespace {

std::uint8_t* put(std::uint8_t* out, const void* data, std::size_t size) {
    if (size != 0) std::memcpy(out, data, size);
    return out + size;
}

}  // namespace

void splice(std::uint8_t* out, const Envelope& envelope, const Piece* pieces, std::size_t count) {
    out = put(out, envelope.head.data(), envelope.head_size);
    for (const Piece* piece = pieces; piece != pieces + count; ++piece)
        out = put(out, piece->data, piece->size);
    put(out, envelope.tail.data(), envelope.tail_size);
}

BlockPos FrameChain::end() const {
    if (blocks_.empty()) return {blocks_.base(), 0, 0};
    const Block& last = *blocks_.back().get();
    return {blocks_.end() - 1, last.data_end(), last.mark_count()};
}

void FrameChain::append(const Envelope& envelope, const Piece* pieces, std::size_t count,
                        std::size_t payload_bytes, Position after) {
    const std::size_t frame_bytes = envelope.head_size + payload_bytes + envelope.tail_size;
    Block& block = block_for(frame_bytes, after.seq);
    splice(block.tail(), envelope, pieces, count);
    block.commit(frame_bytes, after);
    last_ = after;
}

Block& FrameChain::block_for(std::size_t frame_bytes, std::uint64_t seq) {
    std::size_t total = kFirstBlockBytes;
    if (!blocks_.empty()) {
        Block& last = *blocks_.back().get();
        if (last.fits(frame_bytes, seq)) return last;
        total = std::clamp(last.total_bytes() * 2, kFirstBlockBytes, kLargestBlockBytes);
    }
    const std::size_t needed = Block::total_for(frame_bytes);
    while (total < needed && total < kLargestBlockBytes)
        total *= 2;
    blocks_.push_back(Block::create(std::max(total, needed), last_));
    bytes_ += blocks_.back()->total_bytes();
    return *blocks_.back().get();
}

void FrameChain::rollback(const BlockPos& to, Position last) {
    while (!blocks_.empty() && blocks_.end() > to.block + (to.mark != 0 ? 1U : 0U)) {
        bytes_ -= blocks_.back()->total_bytes();
        blocks_.pop_back();
    }
    if (to.mark != 0) blocks_.back().get()->truncate(to.mark);
    last_ = last;
}

void FrameChain::drop_before(std::uint32_t index) {
    for (std::uint32_t i = blocks_.base(); i < index && i < blocks_.end(); ++i)
        bytes_ -= blocks_.at(i)->total_bytes();
    blocks_.drop_before(index);
}

}  // namespace streamhost::delivery
