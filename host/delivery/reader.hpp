#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "delivery/cursor.hpp"
#include "delivery/frame_chain.hpp"
#include "delivery/record.hpp"
#include "net/outbox.hpp"
#include "net/ws_extension.hpp"

namespace streamhost::delivery {

class LoopDelivery;

struct ReaderOptions {
    std::uint32_t direct_frames = 64;  ///< Direct frames that may wait,
    std::uint32_t direct_bytes =
        256U * 1024U;  ///< and their bytes. One larger frame is taken when nothing waits.
};

enum class SendStatus : std::uint8_t {
    kOk = 1,
    kOverflow,  ///< The client does not keep up: nothing was queued, close it with 4002.
};

/// The outbox of one connection: the cursors of its subscriptions and a small queue of frames of its own
/// (welcome, accepted, pong, close). It holds no stream data. Order on the wire: the rest of a frame that the
/// socket cut, then direct frames, then the cursors in turn, each at a frame boundary.
///
/// Roles: [loop]. Lifetime: from LoopDelivery::open() to close().
class Reader final : public net::Outbox {
public:
    Reader(std::uint32_t slot, LoopDelivery& loop, std::uint32_t generation, const ReaderOptions& options,
           void* user);
    ~Reader() override;
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    [[nodiscard]] ReaderRef ref() const;
    [[nodiscard]] void* user() const { return user_; }
    /// From now on what it is sent of the past is compressed: replays, snapshots. Live frames never are,
    /// since they are the same bytes for all. Its frames are those of a WebSocket.
    void compress(net::WsCompression compression) { compression_ = compression; }
    [[nodiscard]] net::WsCompression compression() const { return compression_; }

    /// Queues one complete frame, header included, spliced from the pieces.
    [[nodiscard]] SendStatus send(std::span<const Piece> frame);

    [[nodiscard]] std::size_t gather(iovec* out, std::size_t max_iov, std::size_t byte_budget) override;
    void consumed(std::size_t bytes) override;
    [[nodiscard]] bool empty() const override {
        return !rest_.block && direct_ == nullptr && !has_stream_frames();
    }
    /// Its own, not those of streams, which all readers share.
    [[nodiscard]] std::size_t waiting_bytes() const {
        return (direct_ == nullptr ? 0 : direct_->bytes) + (rest_.end - rest_.offset);
    }
    void push_control(std::span<const std::uint8_t> frame) override;
    void seal() override { sealed_ = true; }
    [[nodiscard]] bool congested() const override;

    /// Holds stream frames back, direct ones go on: for an answer that must come before a stream starts.
    /// Counted.
    void hold() { ++holds_; }
    void release();

    /// The socket took less than it was offered: new bytes make the reader dirty again only after writable().
    void wait_writable() { blocked_ = true; }
    /// The socket takes bytes again, or the pass's budget was spent: due in the next pass if bytes wait.
    void writable();

private:
    friend class LoopDelivery;

    struct Rest {
        BlockRef block;
        std::uint32_t offset = 0;
        std::uint32_t end = 0;
    };
    struct Direct {
        FrameChain chain{Position{}};
        BlockPos at;
        std::uint32_t frames = 0;
        std::size_t bytes = 0;
        std::size_t largest = 0;  // of its frames, until it is empty
    };
    /// A part of the latest gather(): where its bytes came from.
    struct Source {
        enum class Kind : std::uint8_t { kRest = 1, kDirect, kCursor };

        Kind kind = Kind::kRest;
        Cursor* cursor = nullptr;
        Cursor::Stretch stretch;
        Cursor::Place place;  ///< Of the cursor, in front of the stretch.
        std::size_t bytes = 0;
    };
    class Gathering;

    void queue(std::span<const Piece> frame, std::size_t bytes);
    [[nodiscard]] bool has_stream_frames() const { return ring_tail_ != nullptr && holds_ == 0 && !sealed_; }
    void gather_cursors(Gathering& gathering);
    [[nodiscard]] bool take_turn(Cursor& cursor, std::size_t turn, Gathering& gathering);
    // Compressing (reader_pack.cpp).
    [[nodiscard]] bool is_pack_next() const;
    [[nodiscard]] bool pack();
    [[nodiscard]] bool goes_on(const Cursor& cursor, const Cursor::Stretch& stretch,
                               std::uint32_t frames) const;
    std::uint32_t pack_stretch(const Cursor::Stretch& stretch);
    [[nodiscard]] std::uint32_t plain_until(const Cursor& cursor, const Cursor::Place& place,
                                            const Cursor::Stretch& stretch) const;
    void consume(const Source& source, std::size_t bytes);
    std::uint32_t pass(const Cursor::Stretch& stretch, std::size_t bytes);
    void consume_direct(const Cursor::Stretch& stretch, std::uint32_t mark);
    void drop_sent_direct();
    void push_ring(Cursor& cursor);
    Cursor& pop_ring();
    void remove_from_ring(Cursor& cursor);

    LoopDelivery& loop_;
    void* user_;
    Cursor* cursors_ = nullptr;
    Cursor* ring_tail_ = nullptr;  // circular: cursors with bytes due, the next in turn behind the tail
    std::unique_ptr<Direct> direct_;
    Rest rest_;
    Reader* stall_before_ = nullptr;  // list of readers with bytes left, the longest without progress first
    Reader* stall_after_ = nullptr;
    std::int64_t progress_ms_ = 0;
    ReaderOptions options_;
    std::uint32_t slot_;
    std::uint32_t generation_;
    std::uint32_t ring_size_ = 0;
    bool dirty_ = false;
    bool blocked_ = false;
    bool stalling_ = false;
    bool sealed_ = false;
    net::WsCompression compression_ = net::WsCompression::kNone;
    std::uint16_t holds_ = 0;
};
static_assert(sizeof(Reader) <= 120, "one per connection: what compresses for it belongs to the loop");

}  // namespace streamhost::delivery
