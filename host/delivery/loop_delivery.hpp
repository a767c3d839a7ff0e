#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "delivery/cursor.hpp"
#include "delivery/log_view.hpp"
#include "delivery/messages.hpp"
#include "delivery/packer.hpp"
#include "delivery/reader.hpp"
#include "delivery/slab.hpp"

namespace streamhost::delivery {

struct LoopDeliveryOptions {
    std::uint32_t loop = 0;
    std::int64_t stall_ms = 30'000;  ///< A reader with bytes waiting that took none for so long is too slow.
};

struct LoopStats {
    std::uint64_t frames = 0;  ///< Sent to connections, direct ones included.
    std::uint64_t bytes = 0;
    std::uint64_t fell_off = 0;
    std::uint64_t completed = 0;
    std::uint64_t overflow = 0;      ///< Direct frames refused.
    std::uint64_t plain_bytes = 0;   ///< Of frames that were compressed,
    std::uint64_t packed_bytes = 0;  ///< and what was sent for them.
    std::size_t readers = 0;
    std::size_t cursors = 0;
    std::size_t views = 0;
};

/// The readers' side of delivery, one per event loop: replicas of the logs that its readers follow, and the
/// readers. It shares only immutable, published block bytes with the store thread, so nothing here takes a
/// lock.
///
/// Roles: everything [loop]. Use per round: set_now(), apply() for each message, next_dirty() until the
/// pass's budget is spent (each: Reader::gather, write, Reader::consumed), finish_round().
class LoopDelivery {
public:
    LoopDelivery(const LoopDeliveryOptions& options, StorePort& store);
    ~LoopDelivery();
    LoopDelivery(const LoopDelivery&) = delete;
    LoopDelivery& operator=(const LoopDelivery&) = delete;

    void set_now(std::int64_t now_ms);
    void set_stall_ms(std::int64_t stall_ms) { options_.stall_ms = stall_ms; }

    /// One per connection, when it can take frames; `user` is the connection's own handle, returned by
    /// Reader::user(). The reference is good until close().
    [[nodiscard]] Reader& open(const ReaderOptions& options, void* user);
    /// Ends all subscriptions of the reader. Not from inside completed callbacks of the same reader's
    /// consumed().
    void close(Reader& reader);

    void apply(std::unique_ptr<LoopMessage> message);

    /// The next reader that has bytes due and whose socket may take them; each once per becoming due, which
    /// may be for the next round.
    /// nullptr: none.
    [[nodiscard]] Reader* next_dirty();
    [[nodiscard]] std::size_t dirty_count() const;

    /// The next reader that took nothing for stall_ms although bytes wait; each once. The caller closes it
    /// with 4002.
    [[nodiscard]] Reader* next_stalled();

    /// When the newest record of each log that went on in this round was written, by the store's clock. Until
    /// finish_round().
    [[nodiscard]] const std::vector<std::int64_t>& fresh_times() const { return fresh_times_; }

    /// Called from finish_round() for each subscription whose last byte was given to the connection.
    void on_completed(std::function<void(Reader&, SubscriptionId)> callback);
    /// Posts what the store thread has to hear.
    void finish_round();
    [[nodiscard]] Packer& packer() { return packer_; }

    [[nodiscard]] LoopStats stats() const;

private:
    friend class Reader;

    void execute(OpenView& command, const LoopMessage& message);
    void execute(CloseView& command, const LoopMessage& message);
    void execute(DropCursors& command, const LoopMessage& message);
    void execute(AttachCursor& command, const LoopMessage& message);
    void execute(DetachCursor& command, const LoopMessage& message);
    void execute(ProbeView& command, const LoopMessage& message);
    void update(const LogState& state, const LoopMessage& message);
    void wake(LogView& view);
    void settle_all(LogView& view);
    void answer_probe(LogView& view);

    [[nodiscard]] Reader* reader_at(const ReaderRef& ref);
    [[nodiscard]] Cursor& cursor_of(Reader& reader, SubscriptionId subscription);
    [[nodiscard]] static Cursor* find_cursor(Reader& reader, SubscriptionId subscription);
    [[nodiscard]] LogView& view_at(LogRef ref) { return *views_[ref.slot]; }

    /// After anything that moved the cursor or its log: puts it where it belongs, in the ring, to wait, or
    /// away.
    void settle(Cursor& cursor);
    void wait(Cursor& cursor);
    void tell(LoopReport::Event::Kind kind, const Cursor& cursor, FallReason reason);
    void fall(Cursor& cursor, FallReason reason);
    void finish(Cursor& cursor);
    /// Keeps the cursor for the answers that it still owes; without any it goes.
    void park(Cursor& cursor);
    void leave_view(Cursor& cursor);
    void destroy(Cursor& cursor);

    void begin_gather(Reader& reader);
    void mark_dirty(Reader& reader);
    void note_progress(Reader& reader, bool moved);
    void unlink_stalling(Reader& reader);

    LoopDeliveryOptions options_;
    StorePort& store_;
    std::int64_t now_ms_ = 0;
    Slab<Reader> readers_;
    std::uint32_t next_generation_ = 0;
    Slab<Cursor> cursors_;
    std::vector<std::unique_ptr<LogView>> views_;  // by the log's slot
    std::vector<std::pair<ReaderRef, SubscriptionId>>
        fresh_;  // attached by the message that is being applied
    std::vector<std::int64_t> fresh_times_;
    std::vector<Reader::Source> sources_;
    Reader* gathered_ = nullptr;
    std::deque<std::uint32_t> dirty_;  // slots; stale where the reader's flag is down
    std::size_t dirty_count_ = 0;
    Reader* stalling_first_ = nullptr;
    Reader* stalling_last_ = nullptr;
    std::unique_ptr<LoopReport> report_;
    std::vector<std::pair<ReaderRef, SubscriptionId>> completed_;
    std::function<void(Reader&, SubscriptionId)> on_completed_;
    Packer packer_;
    LoopStats stats_;
};

}  // namespace streamhost::delivery
