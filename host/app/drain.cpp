#include "app/drain.hpp"

#include <algorithm>

namespace streamhost::app {

namespace {

constexpr std::uint64_t kMaxReserveMs = 3'000;
constexpr std::uint64_t kCloseMs = 1'000;  // for the last client to answer its close

}  // namespace

void Drain::begin(std::uint64_t now_ms) { begun_ms_ = std::max<std::uint64_t>(now_ms, 1); }

std::uint64_t Drain::reserve_ms() const {
    return std::min<std::uint64_t>(limits_.exit_within_ms / 4, kMaxReserveMs);
}

std::uint64_t Drain::left_ms(std::uint64_t now_ms) const {
    const std::uint64_t end_ms = begun_ms_ + limits_.exit_within_ms;
    return end_ms > now_ms ? end_ms - now_ms : 0;
}

std::uint32_t Drain::plugin_ms(std::uint64_t now_ms) const {
    const std::uint64_t left = left_ms(now_ms);
    const std::uint64_t usable = left > reserve_ms() ? left - reserve_ms() : 0;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(limits_.plugin_ms, usable));
}

Drain::Step Drain::next(std::uint64_t now_ms, std::uint64_t clients_left) {
    if (!has_begun()) return Step::none;
    const std::uint64_t clients_end_ms = begun_ms_ + limits_.exit_within_ms - 2 * reserve_ms();
    switch (last_) {
    case Step::none:
        if (now_ms < std::min(begun_ms_ + limits_.balancer_wait_ms, clients_end_ms)) return Step::none;
        sent_away_ms_ = now_ms;
        return last_ = Step::send_away;
    case Step::send_away:
        if (clients_left > 0 &&
            now_ms < std::min(sent_away_ms_ + limits_.window_ms + kCloseMs, clients_end_ms))
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
