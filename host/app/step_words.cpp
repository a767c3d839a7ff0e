#include "app/step_words.hpp"

namespace streamhost::app {

using control::State;

StepWords::Line StepWords::of(const control::StepRecord& step) {
    const std::pair key(step.plugin, step.generation);
    Line line{.reason = step.reason};
    switch (step.to) {
    case State::started: line = {observe::LogLevel::info, "plugin started", {}, {}}; break;
    case State::draining: stops_[key].reason = step.reason; break;
    case State::stopped: stops_[key].end = step.reason; break;
    case State::retired: {
        Stop& stop = stops_[key];
        line = {observe::LogLevel::info, "plugin stopped", std::move(stop.reason), std::move(stop.end)};
        stops_.erase(key);
        break;
    }
    case State::failed: {
        // Before it was created nothing of it has run: what is wrong is around it.
        const bool has_run = step.from != State::loaded && step.from != State::verified;
        line = {
            observe::LogLevel::error, has_run ? "plugin failed" : "a plugin cannot start", step.reason, {}};
        stops_.erase(key);
        break;
    }
    default: break;
    }
    return line;
}

}  // namespace streamhost::app
