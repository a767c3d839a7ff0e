#include "app/step_words.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

using control::State;
using observe::LogLevel;
using testing::ElementsAre;

class StepWordsTest : public testing::Test {
protected:
    void step(State from, State to, const std::string& reason = "", std::uint64_t generation = 1) {
        const StepWords::Line line = words_.of({"chat", generation, from, to, reason, 7});
        if (line.level == LogLevel::debug) return;
        said_.push_back(std::string(line.text) + (line.reason.empty() ? "" : ": " + line.reason) +
                        (line.end.empty() ? "" : " (" + line.end + ")"));
        levels_.push_back(line.level);
    }
    void start(std::uint64_t generation = 1) {
        step(State::verified, State::loaded, "1.0.0", generation);
        step(State::loaded, State::created, "", generation);
        step(State::created, State::configured, "", generation);
        step(State::configured, State::started, "", generation);
    }
    void finish(const std::string& end, std::uint64_t generation = 1) {
        step(State::draining, State::stopped, end, generation);
        step(State::stopped, State::destroyed, "", generation);
        step(State::destroyed, State::retired, "its library stays mapped", generation);
    }

    StepWords words_;
    std::vector<std::string> said_;
    std::vector<LogLevel> levels_;
};

TEST_F(StepWordsTest, OneLineUpAndOneDownWithTheReason) {
    start();
    EXPECT_THAT(said_, ElementsAre("plugin started"));
    step(State::started, State::draining, "switched off");
    finish("drained; revoked 2 timer");
    EXPECT_THAT(said_,
                ElementsAre("plugin started", "plugin stopped: switched off (drained; revoked 2 timer)"));
    EXPECT_THAT(levels_, ElementsAre(LogLevel::info, LogLevel::info));
}

TEST_F(StepWordsTest, GenerationsHaveReasonsOfTheirOwn) {
    start();
    start(2);
    step(State::started, State::draining, "replaced by generation 2");
    step(State::started, State::draining, "switched off", 2);
    said_.clear();
    finish("");
    finish("", 2);
    EXPECT_THAT(said_,
                ElementsAre("plugin stopped: replaced by generation 2", "plugin stopped: switched off"));
}

TEST_F(StepWordsTest, FailuresAreErrorsAndSayWhetherItEverRan) {
    step(State::loaded, State::failed, "it requires a/1");
    step(State::created, State::failed, "the port");
    EXPECT_THAT(said_, ElementsAre("a plugin cannot start: it requires a/1", "plugin failed: the port"));
    EXPECT_THAT(levels_, ElementsAre(LogLevel::error, LogLevel::error));
}

TEST_F(StepWordsTest, AFailureOnTheWayDownLeavesNoReasonBehind) {
    start();
    step(State::started, State::draining, "switched off");
    step(State::draining, State::failed, "a loop hangs");
    said_.clear();
    step(State::destroyed, State::retired);
    EXPECT_THAT(said_, ElementsAre("plugin stopped"));
}

}  // namespace
}  // namespace streamhost::app
