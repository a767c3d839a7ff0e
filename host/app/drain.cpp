#include "app/drain.hpp"

#include <algorithm>
#include <limits>

namespace streamhost::app {

namespace {

constexpr std::uint64_t kMaxReserveMs = 3'000;
constexpr std::uint64_t kCloseMs = 1'000;  // for the last client to answer its close

}  // namespace

void Drain::begin(std::uint64_t now_ms) { begun_ms_ = std::max<std::uint64_t>(now_ms, 1); }

void Drain::end(std::uint64_t now_ms) {
    if (!is_ending()) ended_ms_ = std::max<std::uint64_t>(now_ms, 1);
}

std::uint64_t Drain::reserve_ms() const {
    return std::min<std::uint64_t>(limits_.exit_within_ms / 4, kMaxReserveMs);
}

std::uint64_t Drain::clients_end_ms() const {
    if (!is_ending()) return std::numeric_limits<std::uint64_t>::max();
    return ended_ms_ + limits_.exit_within_ms - 2 * reserve_ms();
}

std::uint64_t Drain::left_ms(std::uint64_t now_ms) const {
    const std::uint64_t end_ms = ended_ms_ + limits_.exit_within_ms;
    return end_ms > now_ms ? end_ms - now_ms : 0;
}

std::uint32_t Drain::plugin_ms(std::uint64_t now_ms) const {
    const std::uint64_t left = left_ms(now_ms);
    const std::uint64_t usable = left > reserve_ms() ? left - reserve_ms() : 0;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(limits_.plugin_ms, usable));
}

std::uint64_t Drain::elapsed_ms(std::uint64_t now_ms) const noexcept {
    return has_begun() && now_ms > begun_ms_ ? now_ms - begun_ms_ : 0;
}

std::uint64_t Drain::clients_ms(std::uint64_t now_ms) const noexcept {
    if (!has_begun()) return 0;
    const std::uint64_t from_ms = sent_away_ms_ != 0 ? sent_away_ms_ : begun_ms_ + limits_.balancer_wait_ms;
    const std::uint64_t until_ms = std::min(from_ms + limits_.window_ms, clients_end_ms());
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

Drain::State Drain::state(std::uint64_t clients_left) const noexcept {
    if (last_ == Step::none) return State::waiting;
    if (last_ != Step::send_away) return State::ending;
    return clients_left > 0 ? State::sending_away : State::drained;
}

Drain::Step Drain::next(std::uint64_t now_ms, std::uint64_t clients_left) {
    if (!has_begun()) return Step::none;
    switch (last_) {
    case Step::none:
        if (now_ms < std::min(begun_ms_ + limits_.balancer_wait_ms, clients_end_ms())) return Step::none;
        sent_away_ms_ = now_ms;
        return last_ = Step::send_away;
    case Step::send_away:
        if (!is_ending()) return Step::none;
        if (clients_left > 0 &&
            now_ms < std::min(sent_away_ms_ + limits_.window_ms + kCloseMs, clients_end_ms()))
            return Step::none;
        return last_ = Step::stop_plugins;
    case Step::stop_plugins:
        if (left_ms(now_ms) > reserve_ms()) return Step::none;
        return last_ = Step::give_up;
    case Step::give_up: return Step::none;
    }
    return Step::none;
}

}  // namespace streamhost::app
