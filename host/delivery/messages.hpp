#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "delivery/block_list.hpp"
#include "delivery/plan.hpp"
#include "delivery/record.hpp"

/// What the store thread and the loops tell each other. One message per loop and round in each direction,
/// whatever the number of readers. Messages of one sender arrive in the order in which they were posted, and
/// none is lost: a lost one would leave a view behind its log for good.
namespace streamhost::delivery {

/// A log's place in the tables of both sides. Slots are used again once every loop has let go.
struct LogRef {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;

    bool operator==(const LogRef&) const = default;
};

/// Why a cursor lost its log.
enum class FallReason : std::uint8_t {
    kTrimmed = 1,  ///< The log does not go on where it is: read on from the store.
    kReset,        ///< The stream was reset(): what the reader has may be wrong.
    kEncoder,      ///< The encoder failed on a record.
};

/// One stretch of a resolved plan: a frame range of one block, or (kLog) everything up to a place in the log.
struct PlanStep {
    enum class Kind : std::uint8_t { kText = 1, kAnswer, kSegment, kLog };

    Kind kind = Kind::kText;
    BlockRef block;            ///< Not for kLog.
    std::uint32_t offset = 0;  ///< Not for kLog: where the stretch starts, in bytes and frames.
    std::uint32_t mark = 0;
    BlockPos to;  ///< Where it ends; for kLog in the log, else in `block`.
};

/// A plan after the store thread looked everything up and encoded what had to be.
struct ResolvedPlan {
    std::vector<PlanStep> steps;
    Plan::Then then = Plan::Then::kEnd;
    bool uses_log = false;
    LogRef log;
    BlockPos log_start;     ///< Where the cursor enters the log,
    Position log_position;  ///< and what its reader has there.
    Position from;
};

/// What a loop may see of a log: its blocks from `base` on, the last of them up to `end`.
struct LogState {
    LogRef log;
    BlockPos end;
    Position last;
    std::uint32_t base = 0;
    std::uint32_t first_block = 0;   ///< Log index of the first block that comes with this message,
    std::uint32_t blocks_begin = 0;  ///< at this place of LoopMessage::blocks,
    std::uint32_t block_count = 0;   ///< and how many there are.
    std::int64_t ts_ms = 0;          ///< Of the newest record, by the store's clock; 0: it has none.
    bool closed = false;
};

struct OpenView {
    LogState state;
};
struct CloseView {
    LogRef log;
};
struct DropCursors {
    LogRef log;
    FallReason reason = FallReason::kReset;
};
struct AttachCursor {
    ReaderRef reader;
    SubscriptionId subscription = 0;
    std::uint32_t ticket = 0;
    std::unique_ptr<ResolvedPlan> plan;
};
struct DetachCursor {
    ReaderRef reader;
    SubscriptionId subscription = 0;
};
/// Say when all cursors stand at `end` and nothing came after it.
struct ProbeView {
    LogRef log;
    BlockPos end;
    std::uint32_t probe = 0;  ///< Echoed in the answer, so that an answer to an earlier probe does not count.
};

/// Store thread to loop. Commands apply in order, then the updates; no cursor moves before both are done.
struct LoopMessage {
    using Command = std::variant<OpenView, CloseView, DropCursors, AttachCursor, DetachCursor, ProbeView>;

    std::vector<Command> commands;
    std::vector<LogState> updates;
    std::vector<BlockRef> blocks;
};

/// Loop to store thread.
struct LoopReport {
    struct Released {
        LogRef log;
    };
    struct Quiet {
        LogRef log;
        std::uint32_t probe = 0;
    };
    struct Event {
        enum class Kind : std::uint8_t { kFellOff = 1, kCompleted, kWantsMore };

        Kind kind = Kind::kFellOff;
        FallReason reason = FallReason::kTrimmed;
        LogRef log;  ///< kFellOff only.
        ReaderRef reader;
        SubscriptionId subscription = 0;
        std::uint32_t ticket = 0;
        Position at;
    };

    std::uint32_t loop = 0;
    std::vector<Event> events;
    std::vector<Quiet> quiet;
    std::vector<Released> released;

    [[nodiscard]] bool empty() const { return events.empty() && quiet.empty() && released.empty(); }
};

/// Carries messages to the loops. Called on the store thread; must keep order and must not drop.
class LoopPort {
public:
    virtual ~LoopPort() = default;
    virtual void post(std::uint32_t loop, std::unique_ptr<LoopMessage> message) = 0;
};

/// Carries reports to the store thread. Called on any loop; must keep each loop's order and must not drop.
class StorePort {
public:
    virtual ~StorePort() = default;
    virtual void post(std::unique_ptr<LoopReport> report) = 0;
};

}  // namespace streamhost::delivery
