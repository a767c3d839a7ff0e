#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "control/lifecycle.hpp"
#include "control/test/house.hpp"

namespace streamhost::control::test {

/// One plugin's way through its life, step by step.
class Walk : public testing::Test {
protected:
    void begin() {
        instance_ = house_.make(script_, describe("sample", {"a/1"}, {"b/1"}));
        walk_.emplace(house_.ports, LifecycleLimits{.drain_ms = 100, .drain_poll_ms = 10, .settle_ms = 1'000},
                      instance_);
        walk_->start();
    }
    /// Everything that others have to do happens, until the walk rests or waits for time.
    void settle() {
        for (int i = 0; i < 20; ++i) {
            walk_->advance();
            house_.queues.run_all();
            house_.rounds.pass();
        }
        walk_->advance();
    }
    void start() {
        begin();
        settle();
        ASSERT_EQ(walk_->state(), State::started) << walk_->reason();
    }
    void stop(std::uint32_t drain_ms = 100) {
        walk_->stop("switched off", drain_ms);
        settle();
    }
    std::vector<std::string> states() const {
        std::vector<std::string> names;
        for (const StepRecord& step : house_.steps)
            names.emplace_back(to_string(step.to));
        return names;
    }
    static sh_status refuse(sh_error* error) {
        say(error, "not today");
        return SH_INVALID;
    }

    House house_;
    Script script_;
    std::shared_ptr<Instance> instance_;
    std::optional<Lifecycle> walk_;
};

}  // namespace streamhost::control::test
