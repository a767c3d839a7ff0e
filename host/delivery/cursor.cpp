#include "delivery/cursor.hpp"

#include <utility>

namespace streamhost::delivery {

void Cursor::enter(Place& at, const ResolvedPlan& plan, std::uint32_t step) {
    at.step = step;
    if (step == plan.steps.size()) return;
    at.offset = plan.steps[step].offset;
    at.mark = plan.steps[step].mark;
}

void Cursor::start(std::unique_ptr<ResolvedPlan> next, LogView* next_view) {
    plan = std::move(next);
    view = next_view;
    parked = false;
    passed_ = 0;
    entered_log_ = false;
    missed_ = false;
    pinned_ = {};
    place = {};
    place.log = plan->log_start;
    enter(place, *plan, 0);
}

Cursor::State Cursor::peek(Place& at, Stretch& out) const {
    if (plan != nullptr) {
        while (at.step != plan->steps.size()) {
            const PlanStep& step = plan->steps[at.step];
            if (step.kind == PlanStep::Kind::kLog) {
                const State state = peek_log(at.log, step.to, out);
                if (state != State::kWaiting) return state;
            } else if (at.offset != step.to.offset) {
                out = {&step.block, at.offset, at.mark, step.to.offset, step.to.mark, false};
                return State::kBytes;
            }
            enter(at, *plan, at.step + 1);
        }
        if (plan->then != Plan::Then::kJoin) return State::kDone;
    }
    const State state = peek_log(at.log, view->end(), out);
    return state == State::kWaiting && view->closed() ? State::kDone : state;
}

/// kWaiting: `limit` is reached.
Cursor::State Cursor::peek_log(BlockPos& at, const BlockPos& limit, Stretch& out) const {
    while (at.before(limit)) {
        const BlockRef* block = log_block(at.block);
        if (missed_ || block == nullptr) return State::kLost;
        const BlockPos end = at.block == limit.block ? limit
                             : block == &pinned_
                                 ? BlockPos{at.block, pinned_->data_end(), pinned_->mark_count()}
                                 : view->end_of(at.block);
        if (at.offset != end.offset) {
            out = {block, at.offset, at.mark, end.offset, end.mark, true};
            return State::kBytes;
        }
        if (at.block + 1 < view->blocks().base()) return State::kLost;
        at = {at.block + 1, 0, 0};
    }
    return State::kWaiting;
}

const BlockRef* Cursor::log_block(std::uint32_t index) const {
    if (pinned_ && index == pinned_index_) return &pinned_;
    return view->blocks().holds(index) ? &view->blocks().at(index) : nullptr;
}

void Cursor::advance(Place& at, const Stretch& stretch, std::uint32_t offset, std::uint32_t mark) {
    (stretch.in_log ? at.log.offset : at.offset) = offset;
    (stretch.in_log ? at.log.mark : at.mark) = mark;
}

Position Cursor::position() const {
    if (plan == nullptr || entered_log_) return log_position();
    if (place.step == plan->steps.size())
        return plan->then == Plan::Then::kJoin ? log_position() : plan->from;
    const PlanStep& current = plan->steps[place.step];
    if (current.kind == PlanStep::Kind::kLog) return log_position();
    if (current.kind == PlanStep::Kind::kSegment && place.mark != current.mark)
        return current.block->position_after(place.mark);
    return plan->from;
}

Position Cursor::log_position() const {
    if (missed_) return missed_at_;
    if (const BlockRef* block = log_block(place.log.block); block != nullptr)
        return (*block)->position_after(place.log.mark);
    return view->last();
}

std::vector<PlanStep> Cursor::unsent_answers() const {
    std::vector<PlanStep> answers;
    if (plan == nullptr) return answers;
    for (std::uint32_t step = place.step; step < plan->steps.size(); ++step) {
        const PlanStep& candidate = plan->steps[step];
        const bool sent = step == place.step && place.offset == candidate.to.offset;
        if (candidate.kind == PlanStep::Kind::kAnswer && !sent) answers.push_back(candidate);
    }
    return answers;
}

void Cursor::before_trim(std::uint32_t base) {
    const std::uint32_t block = place.log.block;
    if (missed_ || block >= base || (pinned_ && block == pinned_index_)) return;
    if (!view->blocks().holds(block)) {
        // The block came and went within one round of the store thread; the cursor stands at the end that
        // this loop knows, or at one of that round which it has just joined.
        missed_ = true;
        missed_at_ = place.log == view->end() ? view->last() : plan->log_position;
    } else if (const BlockRef& held = view->blocks().at(block);
               block + 1 == base && place.log.offset == held->data_end()) {
        place.log = {base, 0, 0};
    } else {
        pinned_ = held;
        pinned_index_ = block;
    }
}

void Cursor::let_go_of_passed() {
    if (pinned_ && place.log.block != pinned_index_) pinned_ = {};
    if (plan == nullptr) return;
    for (; passed_ != place.step; ++passed_) {
        PlanStep& step = plan->steps[passed_];
        if (step.kind == PlanStep::Kind::kSegment) plan->from = step.block->position_after(step.to.mark);
        if (step.kind == PlanStep::Kind::kLog) entered_log_ = true;
        step.block = {};
    }
    const bool live = passed_ == plan->steps.size() && plan->then == Plan::Then::kJoin && !missed_;
    if (live) plan.reset();
}

}  // namespace streamhost::delivery
