#include "delivery/reader.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "delivery/loop_delivery.hpp"

namespace streamhost::delivery {
namespace {

constexpr std::size_t kSmallestTurn = 4096;

}  // namespace

/// Fills the caller's iovecs and notes in the loop's scratch list where each byte came from.
class Reader::Gathering {
public:
    Gathering(iovec* out, std::size_t max_iov, std::size_t budget, std::vector<Source>& sources)
        : out_(out), max_iov_(max_iov), left_(budget), sources_(sources) {}

    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::size_t left() const { return full_ ? 0 : left_; }

    /// Offers `bytes` of the stretch; takes fewer only where the budget ends. False: nothing more fits.
    bool add(Source source, std::size_t bytes) {
        const std::size_t taken = std::min(bytes, left());
        if (taken == 0) return false;
        const std::uint8_t* data = (*source.stretch.block)->data() + source.stretch.offset;
        if (!put(const_cast<std::uint8_t*>(data), taken)) {
            full_ = true;
            return false;
        }
        left_ -= taken;
        source.bytes = taken;
        sources_.push_back(source);
        return taken == bytes;
    }

private:
    bool put(std::uint8_t* data, std::size_t bytes) {
        if (count_ != 0) {
            iovec& previous = out_[count_ - 1];
            if (static_cast<std::uint8_t*>(previous.iov_base) + previous.iov_len == data) {
                previous.iov_len += bytes;
                return true;
            }
        }
        if (count_ == max_iov_) return false;
        out_[count_++] = {data, bytes};
        return true;
    }

    iovec* out_;
    std::size_t max_iov_;
    std::size_t count_ = 0;
    std::size_t left_;
    bool full_ = false;
    std::vector<Source>& sources_;
};

Reader::Reader(std::uint32_t slot, LoopDelivery& loop, std::uint32_t generation, const ReaderOptions& options,
               void* user)
    : loop_(loop), user_(user), options_(options), slot_(slot), generation_(generation) {}

Reader::~Reader() = default;

ReaderRef Reader::ref() const { return {loop_.options_.loop, slot_, generation_}; }

SendStatus Reader::send(std::span<const Piece> frame) {
    std::size_t bytes = 0;
    for (const Piece& piece : frame)
        bytes += piece.size;
    if (bytes == 0) return SendStatus::kOk;
    const std::size_t waiting = direct_ == nullptr ? 0 : direct_->bytes;
    // The limit is for what waits beside one message, which may be larger than the limit by itself.
    const bool full =
        waiting != 0 && (direct_->frames >= options_.direct_frames ||
                         waiting + bytes - std::max(direct_->largest, bytes) > options_.direct_bytes);
    if (full || bytes > kMaxFrameBytes) {
        ++loop_.stats_.overflow;
        return SendStatus::kOverflow;
    }
    queue(frame, bytes);
    return SendStatus::kOk;
}

void Reader::push_control(std::span<const std::uint8_t> frame) {
    const Piece piece{frame.data(), frame.size()};
    queue({&piece, 1}, frame.size());
}

void Reader::queue(std::span<const Piece> frame, std::size_t bytes) {
    loop_.gathered_ = nullptr;  // its notes may point into the queue
    if (direct_ == nullptr) direct_ = std::make_unique<Direct>();
    direct_->chain.append({}, frame.data(), frame.size(), bytes, {});
    ++direct_->frames;
    direct_->bytes += bytes;
    direct_->largest = std::max(direct_->largest, bytes);
    loop_.mark_dirty(*this);
}

bool Reader::congested() const {
    return direct_ != nullptr &&
           (direct_->frames * 2 >= options_.direct_frames || direct_->bytes * 2 >= options_.direct_bytes);
}

void Reader::release() {
    assert(holds_ > 0);
    if (holds_ > 0 && --holds_ == 0 && has_stream_frames()) loop_.mark_dirty(*this);
}

std::size_t Reader::gather(iovec* out, std::size_t max_iov, std::size_t byte_budget) {
    loop_.begin_gather(*this);
    Gathering gathering(out, max_iov, byte_budget, loop_.sources_);
    if (!rest_.block && direct_ == nullptr && is_pack_next() && !pack()) return 0;
    if (rest_.block) {
        const Cursor::Stretch stretch{&rest_.block, rest_.offset, 0, rest_.end, 0, false};
        if (!gathering.add({Source::Kind::kRest, nullptr, stretch, {}, 0}, rest_.end - rest_.offset))
            return gathering.count();
    }
    if (direct_ != nullptr) {
        const BlockPos end = direct_->chain.end();
        for (BlockPos at = direct_->at; at.before(end); at = {at.block + 1, 0, 0}) {
            const BlockRef& block = direct_->chain.blocks().at(at.block);
            const Cursor::Stretch stretch{&block, at.offset, at.mark, block->data_end(), block->mark_count(),
                                          false};
            if (!gathering.add({Source::Kind::kDirect, nullptr, stretch, {}, 0},
                               stretch.end_offset - stretch.offset))
                return gathering.count();
        }
    }
    if (has_stream_frames()) gather_cursors(gathering);
    return gathering.count();
}

void Reader::gather_cursors(Gathering& gathering) {
    const std::size_t turn = std::max(kSmallestTurn, gathering.left() / ring_size_);
    Cursor* cursor = ring_tail_;
    do {
        cursor = cursor->next_in_ring;
        if (!take_turn(*cursor, turn, gathering)) return;
    } while (cursor != ring_tail_ && gathering.left() != 0);
}

/// Whole frames up to about `turn` bytes, but at least one; only the end of the budget cuts a frame, and
/// nothing may be gathered behind a cut. False: what comes next is to be compressed, when all before it is
/// gone.
bool Reader::take_turn(Cursor& cursor, std::size_t turn, Gathering& gathering) {
    Cursor::Place place = cursor.place;
    Cursor::Stretch stretch;
    bool first = true;
    while (gathering.left() != 0 && cursor.peek(place, stretch) == Cursor::State::kBytes) {
        const std::uint32_t plain = plain_until(cursor, place, stretch);
        if (plain == stretch.mark) return false;
        stretch.end_mark = plain;
        stretch.end_offset = stretch.block->get()->offset_after(plain);
        std::size_t bytes = stretch.end_offset - stretch.offset;
        if (bytes > turn) {
            const Block& block = *stretch.block->get();
            const auto limit = static_cast<std::uint32_t>(stretch.offset + turn);
            std::uint32_t mark = block.marks_within(limit, stretch.end_mark);
            if (mark == stretch.mark && !first) return true;
            mark = std::max(mark, stretch.mark + 1);
            stretch.end_mark = mark;
            stretch.end_offset = block.offset_after(mark);
            bytes = stretch.end_offset - stretch.offset;
        }
        if (!gathering.add({Source::Kind::kCursor, &cursor, stretch, place, 0}, bytes)) return true;
        Cursor::advance(place, stretch, stretch.end_offset, stretch.end_mark);
        if (bytes >= turn) return true;
        turn -= bytes;
        first = false;
    }
    return true;
}

void Reader::consumed(std::size_t bytes) {
    assert(loop_.gathered_ == this);
    if (std::exchange(loop_.gathered_, nullptr) != this) return;
    loop_.stats_.bytes += bytes;
    const std::size_t total = bytes;
    const Cursor* last = nullptr;
    for (const Source& source : loop_.sources_) {
        const std::size_t taken = std::min(bytes, source.bytes);
        if (taken == 0) break;
        bytes -= taken;
        consume(source, taken);
        last = source.cursor;
    }
    drop_sent_direct();
    // The cursors that were served stand at the head of the ring, in the order in which they were gathered.
    for (const Cursor* served = nullptr; last != nullptr && served != last;) {
        Cursor& cursor = pop_ring();
        served = &cursor;
        loop_.settle(cursor);
    }
    loop_.note_progress(*this, total != 0);
}

void Reader::consume(const Source& source, std::size_t bytes) {
    switch (source.kind) {
    case Source::Kind::kRest:
        rest_.offset += static_cast<std::uint32_t>(bytes);
        if (rest_.offset != rest_.end) return;
        rest_ = {};
        ++loop_.stats_.frames;
        return;
    case Source::Kind::kDirect: return consume_direct(source.stretch, pass(source.stretch, bytes));
    case Source::Kind::kCursor:
        const std::uint32_t mark = pass(source.stretch, bytes);
        Cursor& cursor = *source.cursor;
        cursor.place = source.place;
        Cursor::advance(cursor.place, source.stretch, source.stretch.block->get()->offset_after(mark), mark);
        return;
    }
}

/// Moves over `bytes` of a stretch; a frame that is cut becomes the rest. Returns the mark behind what was
/// begun.
std::uint32_t Reader::pass(const Cursor::Stretch& stretch, std::size_t bytes) {
    const Block& block = *stretch.block->get();
    const auto reached = static_cast<std::uint32_t>(stretch.offset + bytes);
    std::uint32_t mark = stretch.end_mark;
    if (reached != stretch.end_offset) mark = block.marks_within(reached, stretch.end_mark);
    loop_.stats_.frames += mark - stretch.mark;
    if (block.offset_after(mark) == reached) return mark;
    rest_ = {*stretch.block, reached, block.offset_after(mark + 1)};
    return mark + 1;
}

void Reader::consume_direct(const Cursor::Stretch& stretch, std::uint32_t mark) {
    Direct& direct = *direct_;
    const std::uint32_t offset = stretch.block->get()->offset_after(mark);
    direct.frames -= mark - stretch.mark;
    direct.bytes -= offset - stretch.offset;
    direct.at = {direct.at.block, offset, mark};
    if (offset == stretch.end_offset && direct.frames != 0) direct.at = {direct.at.block + 1, 0, 0};
}

void Reader::drop_sent_direct() {
    if (direct_ == nullptr) return;
    if (direct_->frames == 0)
        direct_.reset();
    else
        direct_->chain.drop_before(direct_->at.block);
}

void Reader::writable() {
    blocked_ = false;
    if (!empty()) loop_.mark_dirty(*this);
}

void Reader::push_ring(Cursor& cursor) {
    cursor.in_ring = true;
    ++ring_size_;
    if (ring_tail_ == nullptr) {
        cursor.next_in_ring = &cursor;
    } else {
        cursor.next_in_ring = ring_tail_->next_in_ring;
        ring_tail_->next_in_ring = &cursor;
    }
    ring_tail_ = &cursor;
}

Cursor& Reader::pop_ring() {
    Cursor& head = *ring_tail_->next_in_ring;
    if (&head == ring_tail_)
        ring_tail_ = nullptr;
    else
        ring_tail_->next_in_ring = head.next_in_ring;
    head.in_ring = false;
    --ring_size_;
    return head;
}

void Reader::remove_from_ring(Cursor& cursor) {
    if (!cursor.in_ring) return;
    for (std::uint32_t turns = ring_size_; turns != 0; --turns) {
        Cursor& head = pop_ring();
        if (&head != &cursor) push_ring(head);
    }
}

}  // namespace streamhost::delivery
