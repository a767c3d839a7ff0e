#include "runtime/timer_wheel.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace streamhost::runtime {
namespace {

using detail::TimerLink;

void make_empty(TimerLink& head) noexcept { head.next = head.prev = &head; }
bool is_empty(const TimerLink& head) noexcept { return head.next == &head; }

void push_back(TimerLink& head, TimerLink& node) noexcept {
    assert(head.prev != nullptr);
    node.next = &head;
    node.prev = head.prev;
    head.prev->next = &node;
    head.prev = &node;
}

void unlink(TimerLink& node) noexcept {
    assert(node.prev != nullptr && node.next != nullptr);
    node.prev->next = node.next;
    node.next->prev = node.prev;
    node.next = node.prev = nullptr;
}

void unlink_all(TimerLink& head) noexcept {
    while (!is_empty(head))
        unlink(*head.next);
}

/// Moves all nodes of `from` behind those of `to` without touching each.
void splice(TimerLink& to, TimerLink& from) noexcept {
    if (is_empty(from)) return;
    from.next->prev = to.prev;
    to.prev->next = from.next;
    from.prev->next = &to;
    to.prev = from.prev;
    make_empty(from);
}

}  // namespace

void Timer::cancel() noexcept {
    if (armed()) unlink(*this);
}

TimerWheel::TimerWheel(std::uint64_t now_ms) noexcept : now_ms_(std::min(now_ms, kLastMs - 1)) {
    make_empty(due_);
    for (auto& level : slots_)
        std::for_each(level.begin(), level.end(), make_empty);
}

TimerWheel::~TimerWheel() {
    unlink_all(due_);
    for (auto& level : slots_)
        std::for_each(level.begin(), level.end(), unlink_all);
}

void TimerWheel::arm_at(Timer& timer, std::uint64_t deadline_ms) noexcept {
    // Strictly later than now: a timer that arms itself in its handler can not keep advance() busy for ever.
    deadline_ms = std::clamp(deadline_ms, now_ms_ + 1, kLastMs);
    const bool filed_early_enough = timer.armed() && timer.deadline_ms_ <= deadline_ms;
    timer.deadline_ms_ = deadline_ms;
    if (filed_early_enough) return;
    timer.cancel();
    file(timer);
}

void TimerWheel::file(Timer& timer) noexcept {
    // The level is where deadline and present first differ, so a slot's timers move down when its time
    // begins.
    const std::uint64_t differs = timer.deadline_ms_ ^ now_ms_;
    const unsigned level = (static_cast<unsigned>(std::bit_width(differs | 1)) - 1) / kSlotBits;
    const std::size_t slot = (timer.deadline_ms_ >> (level * kSlotBits)) % kSlots;
    push_back(slots_[level][slot], timer);
    occupied_[level] |= std::uint64_t{1} << slot;
}

std::optional<TimerWheel::Slot> TimerWheel::first_slot() const noexcept {
    // Everything in a level lies before everything in the next, so the first occupied slot is the answer.
    for (unsigned level = 0; level < kLevels; ++level) {
        if (occupied_[level] == 0) continue;
        const auto slot = static_cast<std::size_t>(std::countr_zero(occupied_[level]));
        const unsigned shift = level * kSlotBits;
        const std::uint64_t lap = now_ms_ >> (shift + kSlotBits) << (shift + kSlotBits);
        return Slot{level, slot, lap | (static_cast<std::uint64_t>(slot) << shift)};
    }
    return std::nullopt;
}

std::optional<std::uint64_t> TimerWheel::next_due_ms() const noexcept {
    if (!is_empty(due_)) return now_ms_;
    const auto slot = first_slot();
    return slot ? std::optional(slot->starts_ms) : std::nullopt;
}

void TimerWheel::take(const Slot& slot) noexcept {
    occupied_[slot.level] &= ~(std::uint64_t{1} << slot.index);
    now_ms_ = slot.starts_ms;
    splice(due_, slots_[slot.level][slot.index]);
}

bool TimerWheel::drain_due(std::size_t& budget) {
    while (!is_empty(due_)) {
        if (budget == 0) return false;
        --budget;
        auto& timer = static_cast<Timer&>(*due_.next);
        unlink(timer);
        if (timer.deadline_ms_ > now_ms_) {
            file(timer);
            continue;
        }
        ++fired_;
        timer.fire_(timer);
    }
    return true;
}

bool TimerWheel::advance(std::uint64_t now_ms, std::size_t max_nodes) {
    now_ms = std::min(now_ms, kLastMs - 1);
    std::size_t budget = max_nodes;
    for (;;) {
        if (!drain_due(budget)) return true;
        const auto slot = first_slot();
        if (!slot || slot->starts_ms > now_ms) break;
        take(*slot);
    }
    now_ms_ = std::max(now_ms_, now_ms);
    return false;
}

}  // namespace streamhost::runtime
