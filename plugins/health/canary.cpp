#include "canary.hpp"

namespace health {

std::string_view to_string(Tweet state) noexcept {
    switch (state) {
    case Tweet::kOk: return "ok";
    case Tweet::kLate: return "late";
    case Tweet::kFailing: return "failing";
    case Tweet::kOff: return "off";
    default: return "unknown";
    }
}

void Canary::fail(State& state) {
    state.is_waiting = false;
    ++state.failures;
    state.state = ++state.in_a_row < kPatience ? Tweet::kLate : Tweet::kFailing;
}

std::uint64_t Canary::begin(std::int64_t now_ms) {
    for (State& state : states_) {
        if (state.is_waiting) fail(state);
        state.is_waiting = true;
    }
    began_ms_ = now_ms;
    return ++round_;
}

Canary::State* Canary::waiting(Probe probe, std::uint64_t round) {
    State& state = states_[static_cast<std::size_t>(probe)];
    return round == round_ && state.is_waiting ? &state : nullptr;
}

std::int64_t Canary::came_back(Probe probe, std::uint64_t round, std::int64_t now_ms) {
    State* state = waiting(probe, round);
    if (state == nullptr) return -1;
    state->is_waiting = false;
    state->state = Tweet::kOk;
    state->in_a_row = 0;
    state->latency_ms = now_ms - began_ms_;
    state->ok_ms = now_ms;
    return state->latency_ms;
}

void Canary::failed(Probe probe, std::uint64_t round) {
    if (State* state = waiting(probe, round)) fail(*state);
}

void Canary::unavailable(Probe probe, std::uint64_t round) {
    State* state = waiting(probe, round);
    if (state == nullptr) return;
    state->is_waiting = false;
    state->in_a_row = 0;
    state->state = Tweet::kOff;
}

CanaryView Canary::view(std::int64_t now_ms) const {
    CanaryView all;
    for (std::size_t index = 0; index < kProbes; ++index) {
        const State& from = states_[index];
        all[index] = {from.state, from.latency_ms, from.ok_ms < 0 ? -1 : now_ms - from.ok_ms, from.failures};
    }
    return all;
}

std::vector<Canary::News> Canary::take_news() {
    std::vector<News> news;
    for (std::size_t index = 0; index < kProbes; ++index) {
        State& state = states_[index];
        const bool begins = !state.is_told && state.state == Tweet::kFailing;
        const bool ends = state.is_told && (state.state == Tweet::kOk || state.state == Tweet::kOff);
        if (!begins && !ends) continue;
        state.is_told = begins;
        news.push_back({static_cast<Probe>(index), state.state});
    }
    return news;
}

}  // namespace health
