#include "delivery/loop_delivery.hpp"
#include "delivery/reader.hpp"

namespace streamhost::delivery {
namespace {

std::size_t bytes_of(const Cursor::Stretch& stretch) { return stretch.end_offset - stretch.offset; }

/// Worth to be compressed by itself.
bool stands_alone(std::size_t frame_bytes) {
    return frame_bytes >= Packer::kMessageBytes && frame_bytes <= Packer::kLargest;
}

/// A block is far smaller than the largest frame that is compressed, or it holds a single one.
bool is_in_run(const Cursor& cursor, const Cursor::Place& place, const Cursor::Stretch& stretch) {
    return cursor.is_replay(place) && bytes_of(stretch) <= Packer::kLargest;
}

/// Whether what is due from `place` on, as it is or with what follows it, is worth a run.
bool is_worth_run(const Cursor& cursor, Cursor::Place place) {
    std::size_t bytes = 0;
    Cursor::Stretch stretch;
    while (bytes < Packer::kRunBytes && cursor.peek(place, stretch) == Cursor::State::kBytes &&
           is_in_run(cursor, place, stretch)) {
        bytes += bytes_of(stretch);
        Cursor::advance(place, stretch, stretch.end_offset, stretch.end_mark);
    }
    return bytes >= Packer::kRunBytes;
}

}  // namespace

/// Up to which mark the frames of a stretch go as they are; its own mark: they are compressed from there on.
std::uint32_t Reader::plain_until(const Cursor& cursor, const Cursor::Place& place,
                                  const Cursor::Stretch& stretch) const {
    if (compression_ == net::WsCompression::kNone || !cursor.is_replay(place)) return stretch.end_mark;
    if (compression_ == net::WsCompression::kRuns)
        return is_worth_run(cursor, place) ? stretch.mark : stretch.end_mark;
    const Block& block = *stretch.block->get();
    std::uint32_t offset = stretch.offset;
    for (std::uint32_t mark = stretch.mark; mark != stretch.end_mark; ++mark) {
        const std::size_t frame = block.offset_after(mark + 1) - offset;
        if (stands_alone(frame)) return mark;
        offset = block.offset_after(mark + 1);
    }
    return stretch.end_mark;
}

bool Reader::is_pack_next() const {
    if (compression_ == net::WsCompression::kNone || !has_stream_frames()) return false;
    const Cursor& cursor = *ring_tail_->next_in_ring;
    Cursor::Place place = cursor.place;
    Cursor::Stretch stretch;
    return cursor.peek(place, stretch) == Cursor::State::kBytes &&
           plain_until(cursor, place, stretch) == stretch.mark;
}

/// Compresses what the cursor in turn is due, as far as the round's budget goes; it becomes the rest, which
/// nothing comes into. False: there is no budget left, and this reader is due in the next round.
bool Reader::pack() {
    Packer& packer = loop_.packer_;
    if (!packer.has_budget()) {
        loop_.mark_dirty(*this);
        return false;
    }
    Cursor& cursor = pop_ring();
    packer.begin(compression_);
    Cursor::Stretch stretch;
    std::uint32_t frames = 0;
    while (packer.has_budget() && cursor.peek(cursor.place, stretch) == Cursor::State::kBytes &&
           goes_on(cursor, stretch, frames)) {
        const std::uint32_t mark = pack_stretch(stretch);
        frames += mark - stretch.mark;
        Cursor::advance(cursor.place, stretch, stretch.block->get()->offset_after(mark), mark);
    }
    BlockRef block = packer.take();
    const std::uint32_t end = block->data_end();
    rest_ = {std::move(block), 0, end};
    loop_.stats_.frames += frames - 1;  // the rest counts as one
    loop_.settle(cursor);
    return true;
}

/// What is small has its place in a run that goes on, though it would not begin one.
bool Reader::goes_on(const Cursor& cursor, const Cursor::Stretch& stretch, std::uint32_t frames) const {
    if (frames != 0 && compression_ == net::WsCompression::kRuns)
        return is_in_run(cursor, cursor.place, stretch);
    return plain_until(cursor, cursor.place, stretch) == stretch.mark;
}

/// Returns the mark behind the last frame that it took.
std::uint32_t Reader::pack_stretch(const Cursor::Stretch& stretch) {
    const Block& block = *stretch.block->get();
    std::uint32_t offset = stretch.offset;
    std::uint32_t mark = stretch.mark;
    while (mark != stretch.end_mark && loop_.packer_.has_budget()) {
        const std::uint32_t end = block.offset_after(mark + 1);
        if (compression_ == net::WsCompression::kEach && !stands_alone(end - offset)) break;
        ++mark;
        loop_.packer_.add({block.data() + offset, end - offset});
        offset = end;
    }
    return mark;
}

}  // namespace streamhost::delivery
