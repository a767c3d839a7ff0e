#include "follower.hpp"

#include <algorithm>
#include <utility>

namespace pubsub {

Step Follower::opened(sh_position head, bool is_known) {
    position_ = head;
    is_known_ = is_known;
    phase_ = Phase::kLive;
    Step step;
    step.caught_up = !wants_release();
    return step;
}

void Follower::hold(std::span<const sh_record> records) {
    if (records.empty()) return;
    if (aside_ == nullptr) aside_ = std::make_unique<Aside>();
    for (const sh_record& record : records) {
        if (aside_->held.size() == kMaxHeld) {
            aside_->overflowed = true;
            return;
        }
        aside_->held.emplace_back(record);
    }
}

// What arrived before the log was asked, and is behind the head that it answered, is of a master that was
// lost: the hole before it is never filled, and whoever waits for that reads for ever.
void Follower::forget_disproved(std::uint64_t head_seq) {
    if (aside_ == nullptr) return;
    auto& held = aside_->held;
    const auto end = held.begin() + static_cast<std::ptrdiff_t>(std::exchange(aside_->held_before_read, 0));
    const auto is_behind = [head_seq](const auto& owned) { return owned.head.seq > head_seq; };
    held.erase(std::remove_if(held.begin(), end, is_behind), end);
}

Step Follower::start_reading() {
    phase_ = Phase::kReading;
    if (aside_ != nullptr) aside_->held_before_read = aside_->held.size();
    Step step;
    step.read_from = position_.seq + 1;
    return step;
}

// The consecutive, chained part of `records` after what we have; what comes behind it waits for the log.
Step Follower::take(std::span<const sh_record> records) {
    const auto is_old = [this](const sh_record& record) { return record.seq <= position_.seq; };
    const auto first = std::find_if_not(records.begin(), records.end(), is_old);
    auto last = first;
    while (last != records.end() && last->seq == position_.seq + 1 && last->prev == position_.check) {
        position_ = {last->seq, last->check};
        is_known_ = true;
        ended_ = ended_ || last->type == SH_RECORD_END;
        ++last;
    }
    Step step;
    // Same number, other content: the store was rewritten under us. The log says what is true now.
    const bool contradicts = std::any_of(records.begin(), first, [this](const sh_record& record) {
        return record.seq == position_.seq && record.check != position_.check;
    });
    if (last != records.end() || contradicts) {
        hold({last, records.end()});
        step = start_reading();
    }
    step.deliver = {first, last};
    return step;
}

Step Follower::live(std::span<const sh_record> records) {
    if (phase_ == Phase::kLive) {
        if (!has_held()) aside_.reset();
        return take(records);
    }
    hold(records);
    return {};
}

Step Follower::release() {
    if (!wants_release()) return {};
    Aside& aside = *aside_;
    aside.released = std::exchange(aside.held, {});
    const bool overflowed = std::exchange(aside.overflowed, false);
    aside.views.clear();
    for (const auto& owned : aside.released)
        aside.views.push_back(owned.record());
    Step step = take(aside.views);
    if (overflowed && !step.read_from) {
        const auto delivered = step.deliver;
        step = start_reading();
        step.deliver = delivered;
    }
    step.caught_up = !step.read_from;
    return step;
}

Step Follower::page(const Page& page, Patience patience) {
    Step step;
    const bool is_less = page.head.seq < position_.seq || (is_known_ && !page.is_known);
    if (is_less && patience == Patience::kWaits) {
        phase_ = Phase::kBroken;
        step.is_behind = true;
        return step;
    }
    phase_ = Phase::kLive;
    is_known_ = page.is_known;
    forget_disproved(page.head.seq);
    if (page.before_check != position_.check || is_less) {
        // Readers get the whole truth anew, so the view jumps to the head; what is live is merged on top.
        step.diverged = true;
        position_ = page.head;
    } else {
        step = take(page.records);
        if (step.read_from) return step;
        if (page.more) {
            const auto delivered = step.deliver;
            step = start_reading();
            step.deliver = delivered;
            return step;
        }
    }
    step.caught_up = !wants_release();
    return step;
}

Step Follower::retry() {
    if (phase_ != Phase::kBroken) return {};
    return start_reading();
}

Step Follower::tail(sh_position head, bool is_known) {
    if (phase_ == Phase::kBroken) return start_reading();
    if (phase_ != Phase::kLive) return {};
    const bool is_same = head.seq == position_.seq && head.check == position_.check;
    if (is_same && is_known) is_known_ = true;  // accepted since, and not begun
    if (is_same && is_known == is_known_) return {};
    // An answer that is older than what arrived meanwhile proves nothing, but a rewritten log would look the
    // same: reading decides.
    return start_reading();
}

}  // namespace pubsub
