#include "pace.hpp"

#include <gtest/gtest.h>

#include "failure.hpp"
#include "parameters.hpp"

namespace streamhost::load {
namespace {

TEST(Pace, NeverDrifts) {
    const Pace pace(1'000, 3);
    EXPECT_EQ(pace.due_ns(0), 1'000);
    EXPECT_EQ(pace.due_ns(1), 1'000 + 333'333'333);
    EXPECT_EQ(pace.due_ns(3), 1'000 + kSecond);
    EXPECT_EQ(pace.due_ns(3'000'000), 1'000 + 1'000'000 * kSecond);
    EXPECT_EQ(Pace(0, 50'000).due_ns(50'000ull * 86'400 * 365), 365 * 86'400 * kSecond);
}

TEST(Parameters, AreTakenOnceWithDefaults) {
    Parameters parameters({"rate=20", "mode=open"});
    EXPECT_EQ(parameters.number("rate", 1), 20u);
    EXPECT_EQ(parameters.number("connections", 7), 7u);
    EXPECT_EQ(parameters.choice("mode", {"closed", "open"}), "open");
    EXPECT_EQ(parameters.choice("kind", {"owned", "shared"}), "owned");
    EXPECT_NO_THROW(parameters.finish());
    EXPECT_EQ(parameters.taken().size(), 4u);
}

TEST(Parameters, RefuseWhatMakesNoSense) {
    EXPECT_THROW(Parameters({"rate"}), Failure);
    EXPECT_THROW(Parameters({"=5"}), Failure);
    for (const char* word : {"rate=", "rate=x", "rate=5x", "rate=-1", "rate=0"}) {
        Parameters parameters({word});
        EXPECT_THROW((void)parameters.number("rate", 1), Failure) << word;
    }
    Parameters wrong({"mode=other"});
    EXPECT_THROW((void)wrong.choice("mode", {"closed", "open"}), Failure);
    EXPECT_THROW(Parameters({"raet=5"}).finish(), Failure);
}

}  // namespace
}  // namespace streamhost::load
