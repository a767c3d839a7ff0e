#include "redis/driver/trouble_filter.hpp"

#include <string>

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

TEST(TroubleFilterTest, ForeignDataIsACauseForEachPlace) {
    TroubleFilter filter;
    const auto trouble = [](TroubleKind kind, std::string_view what) {
        return Trouble{.kind = kind, .command = "append", .message = what};
    };
    EXPECT_TRUE(filter.is_new(trouble(TroubleKind::kForeign, "in a"), 0));
    EXPECT_TRUE(filter.is_new(trouble(TroubleKind::kForeign, "in b"), 0));
    EXPECT_FALSE(filter.is_new(trouble(TroubleKind::kForeign, "in a"), 1));
    EXPECT_TRUE(filter.is_new(trouble(TroubleKind::kWrongType, "in a"), 0));
    EXPECT_TRUE(filter.is_new(trouble(TroubleKind::kWrongType, "in b"), 0));
    EXPECT_TRUE(filter.is_new(trouble(TroubleKind::kRefused, "a"), 0));
    EXPECT_FALSE(filter.is_new(trouble(TroubleKind::kRefused, "b"), 0)) << "the server's words may differ";
}

TEST(TroubleFilterTest, BeyondItsBoundACauseIsNewWhenOthersWereQuiet) {
    TroubleFilter filter;
    const auto is_new = [&filter](std::size_t place, std::int64_t now_ms) {
        const std::string text = std::to_string(place);
        return filter.is_new({.kind = TroubleKind::kForeign, .command = "append", .message = text}, now_ms);
    };
    for (std::size_t place = 0; place < TroubleFilter::kMostCauses; ++place)
        EXPECT_TRUE(is_new(place, 0));
    EXPECT_FALSE(is_new(1'000, 1));
    EXPECT_TRUE(is_new(1'000, TroubleFilter::kQuietMs));
}

}  // namespace
}  // namespace streamhost::redis
