#pragma once

#include <cstdint>
#include <memory>

#include "delivery/log_view.hpp"
#include "delivery/messages.hpp"

namespace streamhost::delivery {

class Reader;

/// How far one subscription of one reader has got: through the steps of its plan first, then along the log.
/// It always stands between two frames; the rest of a frame that the socket cut is the reader's business.
/// [loop]
class Cursor {
public:
    /// Where the cursor stands; cheap to copy, so that gather() can look ahead on a copy.
    struct Place {
        std::uint32_t step = 0;    ///< Of the plan; past its steps: in the live log.
        std::uint32_t offset = 0;  ///< In the step's own block.
        std::uint32_t mark = 0;
        BlockPos log;
    };
    /// Frames that lie side by side in one block.
    struct Stretch {
        const BlockRef* block = nullptr;
        std::uint32_t offset = 0;
        std::uint32_t mark = 0;
        std::uint32_t end_offset = 0;
        std::uint32_t end_mark = 0;
        bool in_log = false;
    };
    enum class State : std::uint8_t {
        kBytes = 1,  ///< There is a stretch to send.
        kWaiting,    ///< At the end of the live log.
        kLost,       ///< What comes next was trimmed.
        kDone,       ///< The plan ended without a log, or the log with its stream.
    };

    Cursor(std::uint32_t slot, Reader& reader, SubscriptionId subscription)
        : reader_(reader), subscription_(subscription), slot_(slot) {}

    [[nodiscard]] std::uint32_t slot() const { return slot_; }
    [[nodiscard]] Reader& reader() const { return reader_; }
    [[nodiscard]] SubscriptionId subscription() const { return subscription_; }

    /// The stretch that follows `at`, which is moved over finished steps and blocks but over no frame.
    [[nodiscard]] State peek(Place& at, Stretch& out) const;
    static void advance(Place& at, const Stretch& stretch, std::uint32_t offset, std::uint32_t mark);

    /// What comes there is of the past: a step of the plan, not the live log. Where peek() left `at`.
    [[nodiscard]] bool is_replay(const Place& at) const {
        return plan != nullptr && at.step != plan->steps.size();
    }

    /// Where the reader stands that has everything in front of `place`.
    [[nodiscard]] Position position() const;

    void start(std::unique_ptr<ResolvedPlan> plan, LogView* view);
    /// The unsent answers of the plan, which outlive it.
    [[nodiscard]] std::vector<PlanStep> unsent_answers() const;
    /// The blocks below `base` are about to go: keeps the one that the cursor is in.
    void before_trim(std::uint32_t base);
    /// Frees the blocks behind `place`, and the plan once the cursor is live.
    void let_go_of_passed();

    Place place;
    LogView* view = nullptr;
    std::unique_ptr<ResolvedPlan> plan;
    Cursor* next_of_reader = nullptr;
    Cursor* next_in_ring = nullptr;
    std::uint32_t view_index = 0;
    std::uint32_t ticket = 0;
    bool in_ring = false;
    bool waiting = false;  ///< Counted in view->waiting.
    bool parked = false;   ///< Without a plan of its own: sends what it still owes and goes.

private:
    [[nodiscard]] State peek_log(BlockPos& at, const BlockPos& limit, Stretch& out) const;
    [[nodiscard]] const BlockRef* log_block(std::uint32_t index) const;
    [[nodiscard]] Position log_position() const;
    static void enter(Place& at, const ResolvedPlan& plan, std::uint32_t step);

    Reader& reader_;
    SubscriptionId subscription_;
    BlockRef pinned_;  // the trimmed block that the cursor was in
    std::uint32_t pinned_index_ = 0;
    std::uint32_t slot_;
    std::uint32_t passed_ = 0;  // steps whose blocks were freed
    bool entered_log_ = false;
    bool missed_ = false;
    Position missed_at_;
};

}  // namespace streamhost::delivery
