#include "app/rollout.hpp"

#include <utility>

namespace streamhost::app {

Rollout::Rollout(const Steps& steps, Ports ports) : ports_(std::move(ports)) {
    for (const std::string& plugin : steps.stops)
        steps_.push_back({Kind::stop, plugin});
    for (const std::string& plugin : steps.starts)
        steps_.push_back({Kind::start, plugin});
    for (const std::string& plugin : steps.restarts)
        steps_.push_back({Kind::restart, plugin});
}

bool Rollout::is_done(const Step& step) const {
    switch (step.kind) {
    case Kind::stop: return !ports_.runs(step.plugin);
    case Kind::start: return ports_.runs(step.plugin);
    case Kind::restart: break;
    }
    return ports_.has_section(step.plugin);
}

std::string Rollout::begin(const Step& step) const {
    return step.kind == Kind::restart ? ports_.restart(step.plugin)
                                      : ports_.toggle(step.plugin, step.kind == Kind::start);
}

Rollout::State Rollout::fail(const Step& step, const std::string& reason) {
    static constexpr const char* kWords[] = {"", "stop", "start", "restart"};
    reason_ = step.plugin + " did not " + kWords[static_cast<std::size_t>(step.kind)] +
              (reason.empty() ? "" : ": " + reason);
    return State::kFailed;
}

void Rollout::note(const std::string& plugin, const std::string& reason) {
    noted_ = begun_ && begun_->plugin == plugin ? reason : plugin + ": " + reason;
}

Rollout::State Rollout::advance() {
    for (;;) {
        if (ports_.is_busy()) return State::kUnderWay;
        if (begun_) {
            if (!is_done(*begun_)) return fail(*begun_, noted_);
            begun_.reset();
            put_off_ = 0;
        }
        if (steps_.empty()) return State::kDone;
        const Step step = std::move(steps_.front());
        steps_.pop_front();
        noted_.clear();
        // Also what is as wanted already is begun: the supervisor is told what is wanted, not only what runs.
        if (step.kind == Kind::restart && is_done(step)) continue;
        const std::string refused = begin(step);
        if (refused.empty()) {
            begun_ = step;
        } else if (step.kind == Kind::start && put_off_ <= steps_.size()) {
            steps_.push_back(step);
            ++put_off_;
        } else {
            return fail(step, refused);
        }
    }
}

}  // namespace streamhost::app
