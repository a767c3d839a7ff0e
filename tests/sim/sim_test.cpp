// Schedules of faults, each made of a seed: README.md says what is in one. As many as a sanitizer build runs
// within seconds; simulator.cpp runs the many.
#include <cstdint>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "sim/schedule.hpp"

namespace streamhost::sim {
namespace {

TEST(Simulation, EverythingThatMustBeTrueIs) {
    Tally tally;
    for (std::uint64_t seed = 1; seed <= 5'000; ++seed) {
        const Outcome outcome = run_schedule(seed);
        ASSERT_EQ(outcome.failure, "") << "its story: simulator seed " << seed;
        tally.add(outcome);
    }
    EXPECT_EQ(tally.thin(), "");
}

TEST(Simulation, TheSameSeedIsTheSameSchedule) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
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

INSTANTIATE_TEST_SUITE_P(Simulation, Mutated, testing::ValuesIn(kBroken),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace streamhost::sim
