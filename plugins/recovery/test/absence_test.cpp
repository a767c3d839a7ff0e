#include "absence.hpp"

#include <gtest/gtest.h>

namespace recovery {
namespace {

constexpr std::int64_t kPatienceMs = 5'000;
constexpr sh_position kNothing{};

TEST(Absence, WaitsAsLongAsAKeeperMayNeed) {
    Absence absence;
    ASSERT_TRUE(absence.concerns(SH_STREAM_UNKNOWN));
    EXPECT_FALSE(absence.concerns(SH_STREAM_OPEN));
    EXPECT_FALSE(absence.is_due(1'000, kPatienceMs, kNothing));
    EXPECT_FALSE(absence.is_due(5'999, kPatienceMs, kNothing));
    EXPECT_TRUE(absence.is_due(6'000, kPatienceMs, kNothing));
}

TEST(Absence, WaitsNoLongerWhenTheFollowerHas) {
    Absence absence;
    absence.confirm();
    EXPECT_TRUE(absence.is_due(1'000, kPatienceMs, kNothing));
}

TEST(Absence, TellsNothingThatTheFollowerDoesNotSee) {
    Absence absence;
    absence.confirm();
    EXPECT_FALSE(absence.is_due(1'000, kPatienceMs, {7, 0x7}));
    EXPECT_FALSE(absence.is_due(9'000, kPatienceMs, {7, 0x7}));
    EXPECT_TRUE(absence.is_due(9'250, kPatienceMs, kNothing));
}

TEST(Absence, IsToldOnce) {
    Absence absence;
    absence.planned(SH_STREAM_UNKNOWN);
    EXPECT_FALSE(absence.concerns(SH_STREAM_UNKNOWN));
}

TEST(Absence, AStreamThatCameBackIsWaitedForAnew) {
    Absence absence;
    absence.confirm();
    EXPECT_TRUE(absence.is_due(1'000, kPatienceMs, kNothing));
    absence.planned(SH_STREAM_OPEN);
    ASSERT_TRUE(absence.concerns(SH_STREAM_UNKNOWN));
    EXPECT_FALSE(absence.is_due(9'000, kPatienceMs, kNothing));
    EXPECT_TRUE(absence.is_due(14'000, kPatienceMs, kNothing));
}

TEST(Absence, OneThatWasUnknownFromTheBeginningIsNoNewsUntilItWasThere) {
    Absence absence;
    absence.planned(SH_STREAM_UNKNOWN);
    absence.shown();
    EXPECT_TRUE(absence.concerns(SH_STREAM_UNKNOWN));
    absence.planned(SH_STREAM_UNKNOWN);
    absence.confirm();
    EXPECT_TRUE(absence.concerns(SH_STREAM_UNKNOWN));
}

}  // namespace
}  // namespace recovery
