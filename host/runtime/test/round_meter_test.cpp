#include "runtime/round_meter.hpp"

#include <gtest/gtest.h>

namespace streamhost::runtime {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

void spend(RoundMeter& meter, std::uint64_t at_ns, std::uint64_t busy_ns) {
    meter.begin_round(at_ns);
    meter.end_round(at_ns + busy_ns);
}

TEST(RoundMeter, LagIsTheLongestRecentRound) {
    RoundMeter meter;
    spend(meter, 5'000 * kMs, 2 * kMs);
    spend(meter, 5'010 * kMs, 40 * kMs);
    spend(meter, 5'100 * kMs, 1 * kMs);
    EXPECT_EQ(meter.lag_ns(5'200 * kMs), 40 * kMs);
    EXPECT_EQ(meter.rounds(), 3U);
    EXPECT_EQ(meter.busy_ns(), 43 * kMs);
}

TEST(RoundMeter, ALongRoundIsForgottenAfterTwoWindows) {
    RoundMeter meter;
    spend(meter, 5'000 * kMs, 40 * kMs);
    spend(meter, 6'500 * kMs, 1 * kMs);
    EXPECT_EQ(meter.lag_ns(6'600 * kMs), 40 * kMs) << "the window before still counts";
    spend(meter, 7'600 * kMs, 3 * kMs);
    EXPECT_EQ(meter.lag_ns(7'700 * kMs), 3 * kMs);
    EXPECT_EQ(meter.lag_ns(20'000 * kMs), 0U) << "a loop that sleeps has no lag";
}

TEST(RoundMeter, ARoundThatDoesNotEndShows) {
    RoundMeter meter;
    meter.begin_round(1'000 * kMs);
    EXPECT_EQ(meter.stuck_ns(1'700 * kMs), 700 * kMs);
    EXPECT_EQ(meter.lag_ns(1'700 * kMs), 700 * kMs);
    meter.end_round(1'701 * kMs);
    EXPECT_EQ(meter.stuck_ns(1'800 * kMs), 0U);
}

}  // namespace
}  // namespace streamhost::runtime
