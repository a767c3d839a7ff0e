#include "grants.hpp"

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(Grants, AreBelievedForAMinute) {
    Grants grants;
    EXPECT_FALSE(grants.holds("home", 0));
    grants.allow("home", 1'000);
    EXPECT_TRUE(grants.holds("home", 1'000 + Grants::kMs - 1));
    EXPECT_FALSE(grants.holds("home", 1'000 + Grants::kMs));
    grants.allow("home", 90'000);
    EXPECT_TRUE(grants.holds("home", 100'000));
    EXPECT_EQ(grants.size(), 1u);
}

TEST(Grants, AtTheLimitTheOldestGoes) {
    Grants grants;
    for (std::size_t index = 0; index < Grants::kMax; ++index)
        grants.allow("home-" + std::to_string(index), static_cast<std::int64_t>(index));
    grants.allow("home-0", 500);  // asked for again: no longer the oldest
    grants.allow("more", 501);
    EXPECT_EQ(grants.size(), Grants::kMax);
    EXPECT_TRUE(grants.holds("home-0", 502));
    EXPECT_FALSE(grants.holds("home-1", 502));
    EXPECT_TRUE(grants.holds("home-2", 502));
    EXPECT_TRUE(grants.holds("more", 502));
}

}  // namespace
}  // namespace gateway
