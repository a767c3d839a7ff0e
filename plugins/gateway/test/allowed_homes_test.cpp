#include "allowed_homes.hpp"

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(AllowedHomes, AreBelievedForAMinute) {
    AllowedHomes homes;
    EXPECT_FALSE(homes.holds("home", 0));
    homes.allow("home", 1'000);
    EXPECT_TRUE(homes.holds("home", 1'000 + AllowedHomes::kMs - 1));
    EXPECT_FALSE(homes.holds("home", 1'000 + AllowedHomes::kMs));
    homes.allow("home", 90'000);
    EXPECT_TRUE(homes.holds("home", 100'000));
    EXPECT_EQ(homes.size(), 1u);
}

TEST(AllowedHomes, AtTheLimitTheOldestGoes) {
    AllowedHomes homes;
    for (std::size_t index = 0; index < AllowedHomes::kMax; ++index)
        homes.allow("home-" + std::to_string(index), static_cast<std::int64_t>(index));
    homes.allow("home-0", 500);  // asked for again: no longer the oldest
    homes.allow("more", 501);
    EXPECT_EQ(homes.size(), AllowedHomes::kMax);
    EXPECT_TRUE(homes.holds("home-0", 502));
    EXPECT_FALSE(homes.holds("home-1", 502));
    EXPECT_TRUE(homes.holds("home-2", 502));
    EXPECT_TRUE(homes.holds("more", 502));
}

}  // namespace
}  // namespace gateway
