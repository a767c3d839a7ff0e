#include "node_log.hpp"

#include <gtest/gtest.h>

namespace recovery {
namespace {

constexpr NodeLog kLog{.end = {10, 0xa}, .check_before = 0x4};
constexpr std::uint64_t kMany = 100;

Decision after(std::uint64_t check) {
    return {.act = Act::kReplay, .recovered = true, .replay_from = 5, .check_before = check};
}

TEST(NodeLog, GoesOnForAReaderWhoseCheckItHas) {
    EXPECT_TRUE(serves(kLog, after(0x4), 5, kMany));
    EXPECT_FALSE(serves(kLog, after(0x5), 5, kMany)) << "the store says whose text is true";
    EXPECT_FALSE(serves({.end = {10, 0xa}, .check_before = {}}, after(0x4), 5, kMany)) << "trimmed";
}

TEST(NodeLog, AReaderWithoutACheckIsServedFromWhereTheLogBegins) {
    EXPECT_TRUE(
        serves({.end = {10, 0xa}, .check_before = 0}, {.act = Act::kReplay, .replay_from = 1}, 1, kMany));
}

TEST(NodeLog, AHoleIsToldByTheStore) {
    Decision decision = after(0x4);
    decision.gap_from = 3;
    EXPECT_FALSE(serves(kLog, decision, 5, kMany));
}

TEST(NodeLog, NotForWhoIsTooFarBehindOrAhead) {
    EXPECT_TRUE(serves(kLog, after(0x4), 5, 6));
    EXPECT_FALSE(serves(kLog, after(0x4), 5, 5));
    EXPECT_TRUE(serves({.end = {4, 0x4}, .check_before = 0x4}, after(0x4), 5, kMany)) << "at its end";
    EXPECT_FALSE(serves({.end = {3, 0x3}, .check_before = 0x4}, after(0x4), 5, kMany));
}

TEST(NodeLog, ANewReaderWantsAViewThatMissedNothingOfAStreamThatGoesOn) {
    EXPECT_TRUE(may_take({.is_view_live = true, .state = SH_STREAM_OPEN}));
    EXPECT_FALSE(may_take({.is_view_live = false, .state = SH_STREAM_OPEN}));
    EXPECT_FALSE(may_take({.is_view_live = true, .state = SH_STREAM_COMPLETE}));
    EXPECT_TRUE(may_take({.is_attached = true})) << "it goes on like those beside it";
    EXPECT_FALSE(may_take({.is_attached = true, .follows_runs = true})) << "its entries name runs";
}

}  // namespace
}  // namespace recovery
