#include "redis/client/refusals.hpp"

#include <string>

#include <gtest/gtest.h>

namespace streamhost::redis {
namespace {

constexpr std::string_view kOom =
    "OOM command not allowed when used memory > 'maxmemory'. script: 1f, on @user_script:7.";
constexpr std::string_view kAlone = "NOREPLICAS Not enough good replicas to write.";

TEST(RefusalsTest, TellsTheFirstOfEachKind) {
    Refusals refusals;
    const Lack* memory = refusals.refused(kOom, 0);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(memory->code, "OOM");
    EXPECT_EQ(memory->level, ReportLevel::kError);
    for (int now_ms = 1; now_ms < 20'000; now_ms += 1'000)
        EXPECT_EQ(refusals.refused(kOom, now_ms), nullptr);
    const Lack* replicas = refusals.refused(kAlone, 20'000);
    ASSERT_NE(replicas, nullptr);
    EXPECT_EQ(replicas->code, "NOREPLICAS");
    EXPECT_EQ(replicas->level, ReportLevel::kWarning);
}

TEST(RefusalsTest, IsOverWhenNoneCameForAWhileAndThenIsToldAgain) {
    Refusals refusals;
    EXPECT_EQ(refusals.over(1'000'000), nullptr);
    ASSERT_NE(refusals.refused(kOom, 0), nullptr);
    (void)refusals.refused(kOom, 3'000);
    EXPECT_EQ(refusals.over(3'000 + Refusals::kQuietMs - 1), nullptr);
    const Lack* over = refusals.over(3'000 + Refusals::kQuietMs);
    ASSERT_NE(over, nullptr);
    EXPECT_EQ(over->code, "OOM");
    EXPECT_EQ(refusals.over(1'000'000), nullptr);
    EXPECT_NE(refusals.refused(kOom, 1'000'000), nullptr);
}

TEST(RefusalsTest, TellsInOneTextWhatItRefusesNow) {
    Refusals refusals;
    EXPECT_EQ(refusals.text(), "");
    (void)refusals.refused(kAlone, 0);
    EXPECT_EQ(refusals.text(),
              "the server has too few replicas, writes wait for them (" + std::string(kAlone) + ")");
    (void)refusals.refused("MISCONF no disk", 3'000);
    EXPECT_EQ(
        refusals.text().find("the server cannot save its data, writes are refused (MISCONF no disk); the"),
        0U);
    while (refusals.over(5'000) != nullptr)
        continue;
    EXPECT_EQ(refusals.text(), "the server cannot save its data, writes are refused (MISCONF no disk)");
    EXPECT_NE(refusals.over(8'000), nullptr);
    EXPECT_EQ(refusals.text(), "");
}

TEST(RefusalsTest, ASilentServerSaysNothing) {
    Refusals refusals;
    ASSERT_NE(refusals.refused(kAlone, 0), nullptr);
    refusals.unheard(60'000);
    EXPECT_EQ(refusals.over(60'000 + Refusals::kQuietMs - 1), nullptr);
    EXPECT_NE(refusals.over(60'000 + Refusals::kQuietMs), nullptr);
    refusals.unheard(90'000);
    EXPECT_EQ(refusals.over(1'000'000), nullptr);
}

TEST(RefusalsTest, KnowsTheWordsOfOlderServersAndNoOthers) {
    const std::string of_script = "ERR Error running script (call to f_1): @user_script:3: -";
    Refusals refusals;
    EXPECT_NE(refusals.refused(of_script + std::string(kOom), 0), nullptr);
    EXPECT_NE(refusals.refused(of_script + std::string(kAlone), 0), nullptr);
    for (const std::string_view other : {"ERR no such key", "WRONGTYPE Operation against a key",
                                         "BUSY Redis is busy", "ERR the ROOM is full", ""})
        EXPECT_EQ(Refusals().refused(other, 0), nullptr) << other;
}

}  // namespace
}  // namespace streamhost::redis
