#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/text_map.hpp"

#include "delivery/delivery_types.hpp"
#include "delivery/encoder.hpp"
#include "delivery/follower_events.hpp"
#include "delivery/log.hpp"
#include "delivery/messages.hpp"
#include "delivery/plan.hpp"
#include "delivery/segment_cache.hpp"

namespace streamhost::delivery {

/// One stream with logs: they all end at `last`.
struct Stream {
    std::string_view id;
    Position last;
    bool closed = false;
    std::uint32_t log_count = 0;  ///< Retired ones included; at 0 the stream is forgotten.
    std::vector<Log*> logs;       ///< One per encoding in use.
};

/// The writer's side of delivery: the encoded logs of all streams with readers on this node. It encodes a
/// record once per protocol, whatever the number of readers, and tells each loop once per round how far its
/// views reach.
///
/// Roles: everything [store]. Time comes in through tick(). Records are trusted to be in order only as far as
/// they are checked here: seq and check have to continue the log.
class LogSet {
public:
    LogSet(const LogSetOptions& options, LoopPort& loops, FollowerEvents& follower);
    ~LogSet();
    LogSet(const LogSet&) = delete;
    LogSet& operator=(const LogSet&) = delete;

    /// From the next round on; see LogSetOptions.
    void set_budget(std::size_t memory_bytes, std::int64_t idle_ms) {
        options_.memory_bytes = memory_bytes;
        options_.idle_ms = idle_ms;
    }

    /// The encoder has to live until replaced. `replace_encoder` takes effect with the next record (a
    /// plugin's reload); with nullptr the encoding is gone and its readers fall off with the next record
    /// (kEncoder).
    [[nodiscard]] EncodingId add_encoding(Encoder& encoder, Framing framing);
    void replace_encoder(EncodingId encoding, Encoder* encoder);

    /// Appends to the stream's logs. Readers hear of it with the next flush().
    [[nodiscard]] DeliverStatus deliver(std::string_view stream, std::span<const RecordView> records);

    /// Starts or replaces what a subscription is sent; the new plan starts at a frame boundary. On any status
    /// but kOk nothing happened and an earlier plan goes on.
    [[nodiscard]] AttachResult attach(ReaderRef reader, SubscriptionId subscription, std::string_view stream,
                                      EncodingId encoding, const Plan& plan);
    /// Stops a subscription at a frame boundary. A plan's answers go with it.
    void detach(ReaderRef reader, SubscriptionId subscription);

    /// Every cursor in the stream's logs falls off and the stream continues at `head`. kReset: the store's
    /// truth differs from what was delivered. kTrimmed: it does not, but nothing of it is kept.
    void reset(std::string_view stream, Position head, FallReason reason = FallReason::kReset);

    [[nodiscard]] std::optional<LogRange> range(std::string_view stream, EncodingId encoding) const;
    /// The check at `seq`, where the log has a frame that ends there.
    [[nodiscard]] std::optional<std::uint64_t> find(std::string_view stream, EncodingId encoding,
                                                    std::uint64_t seq) const;

    /// Once per store round, after the round's work: posts at most one message per loop.
    void flush();
    void take(std::unique_ptr<LoopReport> report);
    /// Once per round or at least each 100 ms: idle logs, grace periods, shared segments.
    void tick(std::int64_t now_ms);

    [[nodiscard]] LogSetStats stats() const;

private:
    struct Encoding {
        Encoder* encoder = nullptr;
        Framing framing = nullptr;
    };
    using Streams = TextMap<Stream>;
    /// A block in order of its making; stale once its log has let it go.
    struct Aged {
        LogRef log;
        std::uint32_t block = 0;
    };
    struct Timed {
        LogRef log;
        std::int64_t when_ms = 0;
    };
    /// What resolving a plan found before anything was changed.
    struct Located {
        AttachStatus status = AttachStatus::kOk;
        Log* log = nullptr;
        Position log_position;
        BlockPos log_start;
        bool uses_log = false;
        Position end;
    };

    [[nodiscard]] Encoding* encoding(EncodingId id);
    [[nodiscard]] Log* log_of(std::string_view stream, EncodingId encoding) const;
    [[nodiscard]] Log* log_at(LogRef ref) const;

    // Appending and letting go (log_set.cpp).
    [[nodiscard]] bool append(Log& log, std::span<const RecordView> records);
    void touch(Log& log);
    void mark_dirty(Log& log);
    void trim(Log& log, std::uint32_t base);
    void enforce_memory();
    void retire(Log& log, FallReason reason);
    Log& open_log(Stream& stream, EncodingId encoding, Position start);
    void drop_log(Log& log);
    void let_go(Stream& stream);
    void note_new_blocks(const Log& log, std::uint32_t first);
    void compact_ages();

    // Attaching (log_set_attach.cpp).
    [[nodiscard]] Located locate(const Plan& plan, Log* log, const Stream* stream) const;
    [[nodiscard]] bool encode_steps(const Plan& plan, std::string_view stream, EncodingId encoding,
                                    const Log* log, std::vector<PlanStep>& steps);
    [[nodiscard]] SegmentCache::Blocks segment(SegmentCache::Key key, std::span<const RecordView> records);
    void share(Log& log, std::uint32_t loop);

    // Talking with the loops (log_set_flush.cpp).
    [[nodiscard]] LoopMessage& message_to(std::uint32_t loop);
    [[nodiscard]] static LogState state_of(const Log& log, std::uint32_t first_block, LoopMessage& message);
    void release(LogRef ref, std::uint32_t loop);
    void on_quiet(const LoopReport::Quiet& quiet);
    void tell(const LoopReport::Event& event);
    void probe(Log& log);
    void tick_idle();
    void tick_grace();
    void tell_unused();

    LogSetOptions options_;
    LoopPort& loops_;
    FollowerEvents& follower_;
    std::int64_t now_ms_ = 0;
    std::uint32_t next_ticket_ = 0;
    std::vector<Encoding> encodings_;
    Streams streams_;
    std::vector<std::unique_ptr<Log>> logs_;
    std::vector<std::uint32_t> generations_;  // by slot, also of free ones
    std::vector<std::uint32_t> free_slots_;
    std::vector<LogRef> dirty_;
    std::vector<std::unique_ptr<LoopMessage>> messages_;
    std::deque<Aged> ages_;
    std::deque<Timed> idle_;
    std::deque<Timed> grace_;
    std::vector<std::string> unused_;
    SegmentCache segments_;
    std::size_t block_count_ = 0;
    std::size_t log_count_ = 0;
    LogSetStats stats_;
};

}  // namespace streamhost::delivery
