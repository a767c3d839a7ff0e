#include "redis/client/breaker.hpp"

#include <gtest/gtest.h>

#include "redis/client/backoff.hpp"

namespace streamhost::redis {
namespace {

constexpr double kMiddle = 0.5;

TEST(BreakerTest, OpensAfterFiveFailuresInARow) {
    Breaker breaker({}, 0);
    for (int failure = 1; failure < 5; ++failure) {
        breaker.failed(10, kMiddle);
        EXPECT_TRUE(breaker.is_closed()) << failure;
    }
    breaker.failed(10, kMiddle);
    EXPECT_EQ(breaker.state(), BreakerState::kOpen);
    EXPECT_EQ(breaker.openings(), 1U);
}

TEST(BreakerTest, OneSignBetweenFailuresStartsTheCountAnew) {
    Breaker breaker({}, 0);
    for (int round = 0; round < 10; ++round) {
        for (int failure = 0; failure < 4; ++failure)
            breaker.failed(round, kMiddle);
        breaker.heard(round);
    }
    EXPECT_TRUE(breaker.is_closed());
}

TEST(BreakerTest, OpensAfterThreeSecondsWithoutASign) {
    Breaker breaker({}, 0);
    breaker.heard(1'000);
    breaker.tick(3'999, kMiddle);
    EXPECT_TRUE(breaker.is_closed());
    breaker.tick(4'000, kMiddle);
    EXPECT_EQ(breaker.state(), BreakerState::kOpen);
}

TEST(BreakerTest, ProbesAtRandomDistancesUntilOneSucceeds) {
    Breaker breaker({}, 0);
    breaker.tick(3'000, 0);
    EXPECT_EQ(breaker.probe_at_ms(), 3'200);
    breaker.tried();
    EXPECT_EQ(breaker.state(), BreakerState::kProbing);
    EXPECT_FALSE(breaker.is_closed()) << "calls stay refused while it probes";
    breaker.failed(3'300, 0.999'999);
    EXPECT_EQ(breaker.state(), BreakerState::kOpen);
    EXPECT_EQ(breaker.probe_at_ms(), 3'300 + 1'999);
    breaker.tried();
    breaker.heard(5'400);
    EXPECT_TRUE(breaker.is_closed());
    EXPECT_EQ(breaker.openings(), 1U) << "a failed probe opens nothing that was not open";
}

TEST(BreakerTest, DoesNotFlapOverSlowAnswers) {
    Breaker breaker({}, 0);
    for (std::int64_t now = 0; now < 60'000; now += 25) {
        if (now % 900 == 0) breaker.heard(now);               // a server that answers each 0.9 s
        if (now % 1'800 == 25) breaker.failed(now, kMiddle);  // and every second call too late
        breaker.tick(now, kMiddle);
        ASSERT_TRUE(breaker.is_closed()) << now;
    }
}

TEST(BackoffTest, WindowsDoubleUpToTheLongestAndStartAnewAfterSuccess) {
    Backoff backoff;
    std::vector<std::int64_t> windows;
    for (int attempt = 0; attempt < 8; ++attempt) {
        windows.push_back(backoff.window_ms());
        EXPECT_LE(backoff.next_ms(0.999'999), windows.back());
    }
    EXPECT_EQ(windows, (std::vector<std::int64_t>{20, 40, 80, 160, 320, 640, 1'000, 1'000}));
    backoff.reset();
    EXPECT_EQ(backoff.window_ms(), 20);
}

TEST(BackoffTest, JitterIsFull) {
    Backoff backoff({.first_ms = 1'000, .most_ms = 1'000});
    EXPECT_EQ(backoff.next_ms(0), 0);
    EXPECT_EQ(backoff.next_ms(0.25), 250);
    EXPECT_EQ(backoff.next_ms(0.999), 999);
}

TEST(BackoffTest, AnHourOfFailuresStaysAtTheLongestWindow) {
    Backoff backoff;
    for (int attempt = 0; attempt < 4'000; ++attempt)
        (void)backoff.next_ms(0.5);
    EXPECT_EQ(backoff.window_ms(), 1'000);
}

}  // namespace
}  // namespace streamhost::redis
