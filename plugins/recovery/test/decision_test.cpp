#include "decision.hpp"

#include <gtest/gtest.h>

namespace recovery {
namespace {

constexpr Stand kOpen{.first = 1, .head = {10, 0xa}, .state = SH_STREAM_OPEN};
constexpr Stand kTrimmed{.first = 5, .head = {10, 0xa}, .state = SH_STREAM_OPEN};
constexpr Stand kUnknown{};

Decision after(std::uint64_t seq, std::uint64_t check, const Stand& stand, const Awaited& awaited = {}) {
    return decide({SH_FROM_POSITION, {seq, check}}, stand, awaited);
}

TEST(Decide, AtTheHeadThereIsNothingToDo) {
    const Decision decision = after(10, 0xa, kOpen);
    EXPECT_EQ(decision.act, Act::kNothing);
    EXPECT_TRUE(decision.recovered);
    EXPECT_TRUE(decision.reason.empty());
}

TEST(Decide, AHeadWithAnotherCheckDiverged) {
    const Decision decision = after(10, 0xb, kOpen);
    EXPECT_EQ(decision.act, Act::kSnapshot);
    EXPECT_FALSE(decision.recovered);
    EXPECT_EQ(decision.reason, "diverged");
}

TEST(Decide, BehindTheHeadIsReplayedOnlyIfTheCheckHolds) {
    const Decision decision = after(4, 0x4, kOpen);
    EXPECT_EQ(decision.act, Act::kReplay);
    EXPECT_TRUE(decision.recovered);
    EXPECT_EQ(decision.replay_from, 5u);
    ASSERT_TRUE(decision.check_before);
    EXPECT_EQ(*decision.check_before, 0x4u);
}

TEST(Decide, NothingSeenYetIsAReplayOfEverything) {
    const Decision decision = after(0, 0, kOpen);
    EXPECT_EQ(decision.act, Act::kReplay);
    EXPECT_EQ(decision.replay_from, 1u);
    EXPECT_TRUE(decision.recovered);
    EXPECT_FALSE(decision.check_before);
}

TEST(Decide, WhatWasTrimmedIsAGap) {
    const Decision decision = after(2, 0x2, kTrimmed);
    EXPECT_EQ(decision.act, Act::kReplay);
    EXPECT_FALSE(decision.recovered);
    EXPECT_EQ(decision.reason, "trimmed");
    EXPECT_EQ(decision.gap_from, 3u);
    EXPECT_EQ(decision.replay_from, 5u);
}

TEST(Decide, TheNewestTrimmedEntryIsNoGap) {
    const Decision decision = after(4, 0x4, kTrimmed);
    EXPECT_EQ(decision.gap_from, 0u);
    EXPECT_EQ(decision.replay_from, 5u);
    EXPECT_TRUE(decision.recovered);
}

TEST(Decide, BeyondTheHeadIsLookedAtAgainBeforeItDiverged) {
    EXPECT_EQ(after(11, 0xb, kOpen, {.entries = true}).act, Act::kLookAgain);
    const Decision decision = after(11, 0xb, kOpen);
    EXPECT_EQ(decision.act, Act::kSnapshot);
    EXPECT_EQ(decision.reason, "diverged");
}

TEST(Decide, NothingComesBehindAnEnd) {
    constexpr Stand kLost{.first = 1, .head = {10, 0xa}, .state = SH_STREAM_LOST};
    EXPECT_EQ(after(11, 0xb, kLost, {.entries = true}).reason, "diverged");
}

TEST(Decide, AStreamThatNobodyWrote) {
    EXPECT_EQ(decide({SH_FROM_SNAPSHOT, {}}, kUnknown, {}).reason, "unknown");
    EXPECT_EQ(decide({SH_FROM_START, {}}, kUnknown, {}).act, Act::kNothing);
    EXPECT_EQ(after(0, 0, kUnknown).reason, "unknown");
    EXPECT_EQ(after(7, 7, kUnknown).reason, "expired");
    EXPECT_EQ(after(7, 7, kUnknown, {.entries = true}).reason, "expired");
}

TEST(Decide, AStreamThatMayBeWrittenAgainIsLookedAtAgain) {
    constexpr Awaited kAll{.entries = true, .streams = true};
    EXPECT_EQ(after(7, 7, kUnknown, kAll).act, Act::kLookAgain);
    EXPECT_EQ(after(0, 0, kUnknown, kAll).reason, "unknown") << "who holds nothing loses nothing";
    EXPECT_EQ(decide({SH_FROM_SNAPSHOT, {}}, kUnknown, kAll).reason, "unknown");
}

TEST(Decide, StartTailAndSnapshot) {
    EXPECT_EQ(decide({SH_FROM_START, {}}, kOpen, {}).replay_from, 1u);
    EXPECT_EQ(decide({SH_FROM_START, {}}, kTrimmed, {}).gap_from, 1u);
    EXPECT_EQ(decide({SH_FROM_TAIL, {}}, kOpen, {}).act, Act::kNothing);
    EXPECT_EQ(decide({SH_FROM_SNAPSHOT, {}}, kOpen, {}).act, Act::kSnapshot);
    EXPECT_EQ(decide({SH_FROM_SNAPSHOT, {}}, {.state = SH_STREAM_OPEN}, {}).act, Act::kNothing)
        << "pending run";
}

}  // namespace
}  // namespace recovery
