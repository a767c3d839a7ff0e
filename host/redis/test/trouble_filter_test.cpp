#include "redis/driver/trouble_filter.hpp"

#include <gtest/gtest.h>

namespace streamhost::redis {
namespace {

TEST(TroubleFilterTest, ACauseIsNewOnceAndAgainWhenItWasQuiet) {
    TroubleFilter filter;
    const Trouble full{.kind = TroubleKind::kRefused, .command = "append", .message = "MISCONF"};
    EXPECT_TRUE(filter.is_new(full, 0));
    EXPECT_FALSE(filter.is_new(full, 50'000));
    EXPECT_FALSE(filter.is_new(full, 100'000)) << "it goes on";
    EXPECT_TRUE(filter.is_new(full, 160'000));
    EXPECT_FALSE(filter.is_new(full, 160'001));
}

TEST(TroubleFilterTest, AnotherCommandOrKindIsAnotherCause) {
    TroubleFilter filter;
    EXPECT_TRUE(filter.is_new({.kind = TroubleKind::kRefused, .command = "append"}, 0));
    EXPECT_TRUE(filter.is_new({.kind = TroubleKind::kRefused, .command = "claim"}, 0));
    EXPECT_TRUE(filter.is_new({.kind = TroubleKind::kForeign, .command = "append"}, 0));
    EXPECT_FALSE(filter.is_new({.kind = TroubleKind::kForeign, .command = "append"}, 0));
}

}  // namespace
}  // namespace streamhost::redis
