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

TEST(Canary, EachChangeIsNewsOnce) {
    Canary canary;
    const auto fails = [&](int rounds) {
        for (int count = 0; count < rounds; ++count)
            canary.failed(Probe::kStream, canary.begin(count));
    };
    fails(1);
    EXPECT_TRUE(canary.take_news().empty()) << "once is no news";
    fails(1);
    const auto failing = canary.take_news();
    ASSERT_EQ(failing.size(), 1u);
    EXPECT_EQ(failing[0].probe, Probe::kStream);
    EXPECT_EQ(failing[0].state, Tweet::kFailing);
    fails(5);
    EXPECT_EQ(canary.came_back(Probe::kStore, canary.begin(9), 9), 0);
    for (const auto& news : canary.take_news())
        EXPECT_NE(news.probe, Probe::kStream) << "it was told";
    EXPECT_EQ(canary.came_back(Probe::kStream, canary.begin(10), 12), 2);
    const auto back = canary.take_news();
    ASSERT_EQ(back.size(), 1u);
    EXPECT_EQ(back[0].state, Tweet::kOk);
    EXPECT_TRUE(canary.take_news().empty());
    EXPECT_EQ(canary.came_back(Probe::kStream, canary.begin(20), 21), 1);
    EXPECT_TRUE(canary.take_news().empty()) << "it had not been failing";
}

TEST(Canary, AProbeWhoseProviderLeavesWhileItFailsIsFailingNoMore) {
    Canary canary;
    for (int count = 0; count < 2; ++count)
        canary.failed(Probe::kTopic, canary.begin(count));
    ASSERT_EQ(canary.take_news().size(), 1u);
    const auto round = canary.begin(3);
    (void)canary.take_news();  // of the others
    canary.unavailable(Probe::kTopic, round);
    const auto off = canary.take_news();
    ASSERT_EQ(off.size(), 1u);
    EXPECT_EQ(off[0].state, Tweet::kOff);
}

}  // namespace
}  // namespace health
