#include "gcra.hpp"

#include <random>

#include <gtest/gtest.h>

#include "fixture.hpp"

namespace ratelimit {
namespace {

using namespace testing;

TEST(Gcra, ABurstGoesAtOnceAndThenOneComesBackPerInterval) {
    const Rate rate = per_second(10, 5);
    Gcra cell;
    for (int count = 0; count < 5; ++count) {
        ASSERT_EQ(cell.wait_ns(rate, 1, kSecond), 0) << count;
        cell.take(rate, 1, kSecond);
    }
    EXPECT_EQ(cell.wait_ns(rate, 1, kSecond), 100 * kMs);
    EXPECT_EQ(cell.wait_ns(rate, 3, kSecond), 300 * kMs);
    EXPECT_EQ(cell.wait_ns(rate, 1, kSecond + 99 * kMs), kMs);
    EXPECT_EQ(cell.wait_ns(rate, 1, kSecond + 100 * kMs), 0);
    EXPECT_EQ(cell.full_at_ns(), kSecond + 500 * kMs);
}

TEST(Gcra, AWaitThatWasToldIsEnough) {
    const Rate rate = per_second(7, 3);
    Gcra cell;
    std::int64_t now = 0;
    for (int count = 0; count < 100; ++count) {
        now += cell.wait_ns(rate, 2, now);
        ASSERT_EQ(cell.wait_ns(rate, 2, now), 0);
        cell.take(rate, 2, now);
    }
    EXPECT_NEAR(static_cast<double>(now), 200.0 / 7 * 1e9, 1e9);
}

TEST(Gcra, SlowRatesKeepTheirFractions) {
    const Rate rate{4 * kSecond, 1};  // a quarter per second
    Gcra cell;
    cell.take(rate, 1, 0);
    EXPECT_EQ(cell.wait_ns(rate, 1, kSecond), 3 * kSecond);
    EXPECT_EQ(cell.wait_ns(rate, 1, 4 * kSecond), 0);
}

TEST(Gcra, AClockThatGoesBackCostsAWholeBucketAtTheMost) {
    const Rate rate = per_second(10, 5);
    Gcra cell;
    for (int count = 0; count < 5; ++count)
        cell.take(rate, 1, 1'000 * kSecond);
    EXPECT_EQ(cell.wait_ns(rate, 1, kSecond), 100 * kMs);
    EXPECT_EQ(cell.wait_ns(rate, 5, kSecond), 500 * kMs);
    cell.take(rate, 1, kSecond + 100 * kMs);
    EXPECT_LE(cell.full_at_ns(), kSecond + 700 * kMs);
}

// The bucket as it is told to children: a number of tokens that grows with time.
TEST(Gcra, GivesWhatABucketOfTokensGives) {
    const Rate rate{1'000, 50};
    std::mt19937_64 random(7);
    Gcra cell;
    double tokens = 50;
    std::int64_t now = 0;
    for (int count = 0; count < 20'000; ++count) {
        const auto pause = static_cast<std::int64_t>(random() % 4'000);
        now += pause;
        tokens = std::min(50.0, tokens + static_cast<double>(pause) / 1'000);
        const auto cost = static_cast<std::int64_t>(1 + random() % 5);
        const bool has = tokens >= static_cast<double>(cost) - 1e-6;
        ASSERT_EQ(cell.wait_ns(rate, cost, now) == 0, has) << count;
        if (!has) continue;
        cell.take(rate, cost, now);
        tokens -= static_cast<double>(cost);
    }
}

}  // namespace
}  // namespace ratelimit
