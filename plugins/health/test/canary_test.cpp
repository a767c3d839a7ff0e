#include "canary.hpp"

#include <gtest/gtest.h>

namespace health {
namespace {

ProbeView of(const Canary& canary, Probe probe, std::int64_t now_ms = 0) {
    return canary.view(now_ms)[static_cast<std::size_t>(probe)];
}

TEST(Canary, NothingIsKnownBeforeTheFirstRound) {
    Canary canary;
    EXPECT_EQ(of(canary, Probe::kStore).state, Tweet::kUnknown);
    (void)canary.begin(0);
    EXPECT_EQ(of(canary, Probe::kStore).state, Tweet::kUnknown) << "it is still under way";
    EXPECT_EQ(of(canary, Probe::kStore).latency_ms, -1);
}

TEST(Canary, MeasuresEachProbeFromTheRoundsBeginning) {
    Canary canary;
    const auto round = canary.begin(1'000);
    EXPECT_EQ(canary.came_back(Probe::kStore, round, 1'003), 3);
    EXPECT_EQ(canary.came_back(Probe::kTopic, round, 1'040), 40);
    EXPECT_EQ(of(canary, Probe::kStore, 2'003).latency_ms, 3);
    EXPECT_EQ(of(canary, Probe::kStore, 2'003).since_ok_ms, 1'000);
    EXPECT_EQ(of(canary, Probe::kTopic).state, Tweet::kOk);
}

TEST(Canary, AnAnswerCountsOnceAndForItsRoundOnly) {
    Canary canary;
    const auto first = canary.begin(0);
    EXPECT_EQ(canary.came_back(Probe::kStore, first, 5), 5);
    EXPECT_EQ(canary.came_back(Probe::kStore, first, 9), -1);
    const auto second = canary.begin(10);
    EXPECT_EQ(canary.came_back(Probe::kStore, first, 11), -1);
    EXPECT_EQ(canary.came_back(Probe::kStore, second, 12), 2);
    EXPECT_EQ(canary.came_back(Probe::kTopic, second + 7, 12), -1) << "somebody else's";
}

TEST(Canary, WhatDidNotComeBackByTheNextRoundHasFailed) {
    Canary canary;
    (void)canary.begin(0);
    const auto second = canary.begin(10);
    EXPECT_EQ(of(canary, Probe::kStore).state, Tweet::kLate) << "once is no news";
    canary.failed(Probe::kStore, second);
    canary.failed(Probe::kStore, second);
    EXPECT_EQ(of(canary, Probe::kStore).state, Tweet::kFailing);
    EXPECT_EQ(of(canary, Probe::kStore).failures, 2u);
    const auto third = canary.begin(20);
    EXPECT_EQ(canary.came_back(Probe::kStore, third, 21), 1);
    EXPECT_EQ(of(canary, Probe::kStore).state, Tweet::kOk);
    EXPECT_EQ(of(canary, Probe::kTopic).state, Tweet::kFailing) << "each for itself";
}

TEST(Canary, WithoutAProviderAProbeIsOffAndNotFailing) {
    Canary canary;
    for (int count = 0; count < 5; ++count)
        canary.unavailable(Probe::kTopic, canary.begin(count));
    EXPECT_EQ(of(canary, Probe::kTopic).state, Tweet::kOff);
    EXPECT_EQ(of(canary, Probe::kTopic).failures, 0u);
}

}  // namespace
}  // namespace health
