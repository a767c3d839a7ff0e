#include "recent_sessions.hpp"

#include <gtest/gtest.h>

namespace session {
namespace {

constexpr std::int64_t kKept = RecentSessions::kKeptMs;

TEST(RecentSessions, AreKnownForAMinute) {
    RecentSessions recent;
    recent.note({"s", "ann", 7, 1'000});
    ASSERT_NE(recent.find("s", 1'000 + kKept - 1), nullptr);
    EXPECT_EQ(recent.find("s", 1'000)->user, "ann");
    EXPECT_EQ(recent.find("s", 1'000)->created_ms, 7);
    EXPECT_EQ(recent.find("s", 1'000 + kKept), nullptr);
    EXPECT_EQ(recent.find("t", 1'000), nullptr);
    recent.note({"t", "bob", 8, 2'000});
    recent.expire(1'000 + kKept);
    EXPECT_EQ(recent.size(), 1u);
    EXPECT_EQ(recent.user_of("s"), "");
    EXPECT_EQ(recent.user_of("t"), "bob");
}

TEST(RecentSessions, WhoLeavesAgainIsKnownFromThenOn) {
    RecentSessions recent;
    for (std::int64_t ms = 0; ms < 10 * kKept; ms += 1'000)
        recent.note({"s", "ann", 7, ms});
    EXPECT_EQ(recent.size(), 1u);
    recent.note({"s", "bob", 9, 10 * kKept});
    EXPECT_EQ(recent.find("s", 10 * kKept)->user, "bob");
    recent.forget("s");
    recent.forget("s");
    EXPECT_EQ(recent.size(), 0u);
}

TEST(RecentSessions, TheOldestAreForgottenFirst) {
    RecentSessions recent;
    for (std::size_t index = 0; index < RecentSessions::kMax + 10; ++index)
        recent.note({"s" + std::to_string(index), "ann", 7, 1'000});
    EXPECT_EQ(recent.size(), RecentSessions::kMax);
    EXPECT_EQ(recent.find("s9", 1'000), nullptr);
    EXPECT_NE(recent.find("s10", 1'000), nullptr);
}

}  // namespace
}  // namespace session
