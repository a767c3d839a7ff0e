#include "streamhost/bearer.hpp"

#include <gtest/gtest.h>

namespace streamhost {
namespace {

TEST(BearerTest, IsWhatFollowsTheScheme) {
    EXPECT_EQ(bearer_token("Bearer a.b.c"), "a.b.c");
    EXPECT_EQ(bearer_token("bEARER   a.b.c "), "a.b.c");
    EXPECT_EQ(bearer_token("Basic a.b.c"), "");
    EXPECT_EQ(bearer_token("Bearer"), "");
    EXPECT_EQ(bearer_token("Bearer  "), "");
    EXPECT_EQ(bearer_token("Bearertoken"), "");
}

}  // namespace
}  // namespace streamhost
