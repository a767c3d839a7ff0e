#pragma once

#include <cstdint>
#include <string_view>

namespace streamhost::control {

/// Where a plugin stands. `failed` and `retired` are ends: the next attempt is a new instance.
enum class State : std::uint8_t {
    discovered = 1,  ///< a file in the plugin directory
    verified,        ///< its export list is right; none of its code has run
    loaded,          ///< mapped, descriptor read
    created,
    configured,
    started,
    draining,  ///< services closed, finishing what runs
    stopped,
    destroyed,
    retired,  ///< instance gone, library still mapped
    failed,
};

/// [any] The whole life cycle: may a plugin go from one state to the other?
[[nodiscard]] constexpr bool may_follow(State from, State to) noexcept {
    if (to == State::failed) return from != State::failed && from != State::retired;
    switch (from) {
    case State::discovered: return to == State::verified;
    case State::verified: return to == State::loaded;
    case State::loaded: return to == State::created;
    case State::created: return to == State::configured;
    case State::configured: return to == State::started;
    case State::started: return to == State::draining;
    case State::draining: return to == State::stopped;
    case State::stopped: return to == State::destroyed;
    case State::destroyed: return to == State::retired;
    case State::retired:
    case State::failed: return false;
    }
    return false;
}

[[nodiscard]] constexpr std::string_view to_string(State state) noexcept {
    switch (state) {
    case State::discovered: return "discovered";
    case State::verified: return "verified";
    case State::loaded: return "loaded";
    case State::created: return "created";
    case State::configured: return "configured";
    case State::started: return "started";
    case State::draining: return "draining";
    case State::stopped: return "stopped";
    case State::destroyed: return "destroyed";
    case State::retired: return "retired";
    case State::failed: return "failed";
    }
    return "unknown";
}

}  // namespace streamhost::control
