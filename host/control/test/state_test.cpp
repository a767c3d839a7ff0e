#include "control/state.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace streamhost::control {
namespace {

const std::vector<State> kWalk{State::discovered, State::verified, State::loaded,   State::created,
                               State::configured, State::started,  State::draining, State::stopped,
                               State::destroyed,  State::retired};

TEST(State, WalkGoesOneStepAtATime) {
    for (std::size_t from = 0; from < kWalk.size(); ++from) {
        for (std::size_t to = 0; to < kWalk.size(); ++to) {
            EXPECT_EQ(may_follow(kWalk[from], kWalk[to]), to == from + 1)
                << to_string(kWalk[from]) << " to " << to_string(kWalk[to]);
        }
    }
}

TEST(State, FailsFromAnywhereButTheEnds) {
    for (const State from : kWalk)
        EXPECT_EQ(may_follow(from, State::failed), from != State::retired);
    for (const State to : kWalk)
        EXPECT_FALSE(may_follow(State::failed, to));
    EXPECT_FALSE(may_follow(State::failed, State::failed));
}

TEST(State, HasANameForEach) {
    for (const State state : kWalk)
        EXPECT_NE(to_string(state), "unknown");
    EXPECT_EQ(to_string(State::failed), "failed");
}

}  // namespace
}  // namespace streamhost::control
