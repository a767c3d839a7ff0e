// Schedules of faults, each made of a seed: README.md says what is in one. As many as a sanitizer build runs
// within seconds; simulator.cpp runs the many.
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/schedule.hpp"

namespace streamhost::sim {
namespace {

TEST(Simulation, EverythingThatMustBeTrueIs) {
    Tally tally;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const Outcome outcome = run_schedule(seed);
        ASSERT_EQ(outcome.failure, "") << "its story: simulator seed " << seed;
        tally.add(outcome);
    }
    EXPECT_EQ(tally.thin(), "");
}

TEST(Simulation, TheSameSeedIsTheSameSchedule) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        EXPECT_EQ(run_schedule(seed).events, run_schedule(seed).events) << "seed " << seed;
}

class Mutated : public testing::TestWithParam<Broken> {};

TEST_P(Mutated, IsNoticed) {
    for (std::uint64_t seed = 1; seed <= GetParam().within; ++seed) {
        const Outcome outcome = run_schedule(seed, GetParam().mutation);
        if (outcome.failure.empty()) continue;
        RecordProperty("schedules", static_cast<int>(seed));
        std::cout << "after " << seed << " schedules: " << outcome.failure << '\n';
        return;
    }
    FAIL() << "nothing noticed in " << GetParam().within << " schedules";
}

// Those that show early; the program tries all.
std::vector<Broken> quick() {
    std::vector<Broken> found;
    for (const Broken& broken : kBroken)
        if (broken.within <= 1'000) found.push_back(broken);
    return found;
}

INSTANTIATE_TEST_SUITE_P(Simulation, Mutated, testing::ValuesIn(quick()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace streamhost::sim
