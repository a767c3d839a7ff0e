#include "control/state.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace streamhost::control {
namespace {

const std::vector<State> walk{State::discovered, State::verified, State::loaded,   State::created,
                              State::configured, State::started,  State::draining, State::stopped,
                              State::destroyed,  State::retired};

TEST(State, WalkGoesOneStepAtATime) {
    for (std::size_t from = 0; from < walk.size(); ++from) {
        for (std::size_t to = 0; to < walk.size(); ++to) {
            EXPECT_EQ(may_follow(walk[from], walk[to]), to == from + 1)
                << to_string(walk[from]) << " to " << to_string(walk[to]);
        }
    }
}

TEST(State, FailsFromAnywhereButTheEnds) {
    for (const State from : walk)
        EXPECT_EQ(may_follow(from, State::failed), from != State::retired);
    for (const State to : walk)
        EXPECT_FALSE(may_follow(State::failed, to));
    EXPECT_FALSE(may_follow(State::failed, State::failed));
}

TEST(State, HasANameForEach) {
    for (const State state : walk)
        EXPECT_NE(to_string(state), "unknown");
    EXPECT_EQ(to_string(State::failed), "failed");
}

}  // namespace
}  // namespace streamhost::control
