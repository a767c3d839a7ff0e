// Schedules of faults, each made of a seed: README.md says what is in one.
//
//   STREAMHOST_SIM_SCHEDULES=100000 sim_test     how many (else kSchedules, which is what a sanitizer build
//                                                runs within seconds)
//   STREAMHOST_SIM_SEED=4711 sim_test --gtest_filter=Simulation.*    one alone, with its story
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "sim/schedule.hpp"

namespace streamhost::sim {
namespace {

constexpr std::uint64_t kSchedules = 5'000;

std::uint64_t number_in(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Simulation, EverythingThatMustBeTrueIs) {
    if (const std::uint64_t seed = number_in("STREAMHOST_SIM_SEED", 0); seed != 0) {
        EXPECT_EQ(run_schedule(seed, Mutation::kNone, &std::cout).failure, "") << "seed " << seed;
        return;
    }
    const std::uint64_t count = number_in("STREAMHOST_SIM_SCHEDULES", kSchedules);
    std::uint64_t events = 0;
    std::uint64_t faults = 0;
    std::uint64_t single = 0;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const Outcome outcome = run_schedule(seed);
        ASSERT_EQ(outcome.failure, "") << "seed " << seed << "; again: STREAMHOST_SIM_SEED=" << seed;
        events += outcome.events;
        faults += outcome.faults;
        single += outcome.is_double ? 0 : 1;
    }
    // A simulator in which little happens, or in which everything is excused, proves nothing.
    EXPECT_GE(events, 200 * count);
    EXPECT_GE(faults, 3 * count);
    EXPECT_GE(single, count / 2);
}

TEST(Simulation, TheSameSeedIsTheSameSchedule) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed)
        EXPECT_EQ(run_schedule(seed).events, run_schedule(seed).events) << "seed " << seed;
}

struct Broken {
    const char* name;
    Mutation mutation;
    std::uint64_t within;  // schedules
};

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

INSTANTIATE_TEST_SUITE_P(Simulation, Mutated,
                         testing::Values(Broken{"NoCheck", Mutation::kNoCheck, 5'000},
                                         Broken{"NoFence", Mutation::kNoFence, 2'000},
                                         Broken{"NoPid", Mutation::kNoPid, 20'000},
                                         Broken{"NothingKept", Mutation::kForget, 500},
                                         Broken{"ReadBeforeSubscribe", Mutation::kReadBeforeSubscribe, 500},
                                         Broken{"HighestFence", Mutation::kHighestFence, 5'000},
                                         Broken{"OutageCounted", Mutation::kCountOutage, 2'000}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace streamhost::sim
