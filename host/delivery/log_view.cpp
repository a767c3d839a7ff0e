#include "delivery/log_view.hpp"

#include "delivery/cursor.hpp"

namespace streamhost::delivery {

BlockPos LogView::end_of(std::uint32_t block) const {
    if (block == end_.block) return end_;
    const Block& sealed = *blocks_.at(block).get();
    return {block, sealed.data_end(), sealed.mark_count()};
}

void LogView::publish(const LogState& state, const std::vector<BlockRef>& blocks) {
    if (state.base > blocks_.base()) blocks_.drop_before(state.base);
    for (std::uint32_t i = 0; i != state.block_count; ++i) {
        // A view that was opened in this round came with some of the round's blocks.
        if (state.first_block + i == blocks_.end()) blocks_.push_back(blocks[state.blocks_begin + i]);
    }
    end_ = state.end;
    last_ = state.last;
    closed_ = state.closed;
}

void LogView::add(Cursor& cursor) {
    cursor.view_index = static_cast<std::uint32_t>(cursors_.size());
    cursors_.push_back(&cursor);
}

void LogView::remove(Cursor& cursor) {
    cursors_.back()->view_index = cursor.view_index;
    cursors_[cursor.view_index] = cursors_.back();
    cursors_.pop_back();
}

}  // namespace streamhost::delivery
