#include "app/rollout.hpp"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

using State = Rollout::State;

/// A supervisor that does one step at a time, each when the test says so.
class RolloutTest : public testing::Test {
protected:
    Rollout make(const Rollout::Steps& steps) {
        return Rollout(
            steps, {.is_busy = [this] { return !doing_.empty(); },
                    .toggle =
                        [this](const std::string& plugin, bool enable) {
                            if (needs_.contains(plugin) && !runs_.contains(needs_[plugin]) && enable)
                                return plugin + " needs " + needs_[plugin];
                            return begin((enable ? "+" : "-") + plugin);
                        },
                    .restart = [this](const std::string& plugin) { return begin("~" + plugin); },
                    .runs = [this](const std::string& plugin) { return runs_.contains(plugin); },
                    .has_section = [this](const std::string& plugin) { return fresh_.contains(plugin); }});
    }
    std::string begin(const std::string& step) {
        done_.push_back(step);
        doing_ = step;
        return {};
    }
    void end(bool well = true) {
        const std::string step = std::exchange(doing_, "");
        if (!well) return;
        if (step[0] == '-') runs_.erase(step.substr(1));
        if (step[0] == '+') runs_.insert(step.substr(1));
        if (step[0] == '~') fresh_.insert(step.substr(1));
    }
    void end_all(Rollout& rollout) {
        while (rollout.advance() == State::kUnderWay)
            end();
    }

    std::set<std::string> runs_;
    std::set<std::string> fresh_;
    std::map<std::string, std::string> needs_;
    std::string doing_;
    std::vector<std::string> done_;
};

TEST_F(RolloutTest, DoesOneStepAfterTheOther) {
    runs_ = {"a", "c"};
    Rollout rollout = make({.stops = {"a"}, .starts = {"b"}, .restarts = {"c"}});
    EXPECT_EQ(rollout.advance(), State::kUnderWay);
    EXPECT_EQ(rollout.advance(), State::kUnderWay) << "nothing has happened";
    EXPECT_EQ(done_, (std::vector<std::string>{"-a"}));
    end();
    end_all(rollout);
    EXPECT_EQ(rollout.advance(), State::kDone);
    EXPECT_EQ(done_, (std::vector<std::string>{"-a", "+b", "~c"}));
}

TEST_F(RolloutTest, WithNothingToDoIsDone) {
    Rollout rollout = make({});
    EXPECT_EQ(rollout.advance(), State::kDone);
}

TEST_F(RolloutTest, WaitsForWhatOthersBegan) {
    doing_ = "+other";
    Rollout rollout = make({.starts = {"a"}});
    EXPECT_EQ(rollout.advance(), State::kUnderWay);
    EXPECT_TRUE(done_.empty());
    end();
    EXPECT_EQ(rollout.advance(), State::kUnderWay);
    EXPECT_EQ(done_, (std::vector<std::string>{"+a"}));
}

TEST_F(RolloutTest, StartsFirstWhatOthersNeed) {
    needs_ = {{"a", "b"}, {"b", "c"}};
    Rollout rollout = make({.starts = {"a", "b", "c"}});
    end_all(rollout);
    EXPECT_EQ(rollout.advance(), State::kDone);
    EXPECT_EQ(done_, (std::vector<std::string>{"+c", "+b", "+a"}));
}

TEST_F(RolloutTest, FailsWhenWhatIsNeededNeverComes) {
    needs_ = {{"a", "absent"}, {"b", "a"}};
    Rollout rollout = make({.starts = {"a", "b"}});
    EXPECT_EQ(rollout.advance(), State::kFailed);
    EXPECT_EQ(rollout.reason(), "a did not start: a needs absent");
    EXPECT_TRUE(done_.empty());
}

TEST_F(RolloutTest, FailsWithTheReasonOfTheWalkThatFailed) {
    runs_ = {"a"};
    Rollout rollout = make({.starts = {"b"}, .restarts = {"a"}});
    EXPECT_EQ(rollout.advance(), State::kUnderWay);
    rollout.note("b", "no port");
    end(false);
    EXPECT_EQ(rollout.advance(), State::kFailed);
    EXPECT_EQ(rollout.reason(), "b did not start: no port");
    EXPECT_EQ(done_, (std::vector<std::string>{"+b"})) << "nothing after the failure";
}

TEST_F(RolloutTest, ARestartThatLeavesTheFormerInstanceHasFailed) {
    runs_ = {"a"};
    Rollout rollout = make({.restarts = {"a"}});
    EXPECT_EQ(rollout.advance(), State::kUnderWay);
    rollout.note("z", "somebody else");
    end(false);
    EXPECT_EQ(rollout.advance(), State::kFailed);
    EXPECT_EQ(rollout.reason(), "a did not restart: z: somebody else");
}

TEST_F(RolloutTest, WhatHasTheSectionAlreadyIsNotRestarted) {
    runs_ = fresh_ = {"a"};
    Rollout rollout = make({.restarts = {"a"}});
    EXPECT_EQ(rollout.advance(), State::kDone);
    EXPECT_TRUE(done_.empty());
}

}  // namespace
}  // namespace streamhost::app
