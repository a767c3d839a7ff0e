#include "append_line.hpp"

#include <gtest/gtest.h>

namespace streamcache {
namespace {

RemoteAppend append_at(std::uint64_t seq) {
    RemoteAppend append;
    append.what.seq = seq;
    return append;
}

TEST(AppendLine, OneIsUnderWayAndTheOthersKeepTheirOrder) {
    AppendLine line;
    EXPECT_TRUE(line.is_idle());
    ASSERT_TRUE(line.add(append_at(1), 10));
    ASSERT_TRUE(line.add(append_at(2), 11));
    EXPECT_EQ(line.next()->what.seq, 1u);
    EXPECT_FALSE(line.next().has_value());
    line.done(sh_position{1, 0xa});
    EXPECT_FALSE(line.is_idle());
    EXPECT_EQ(line.next()->what.seq, 2u);
    line.done(sh_position{2, 0xb});
    EXPECT_TRUE(line.is_idle());
    EXPECT_EQ(line.used_ms(), 11);
}

TEST(AppendLine, KnowsTheCheckOnlyWhereTheLastAppendStood) {
    AppendLine line;
    EXPECT_FALSE(line.check_before(1).has_value());
    line.claimed({4, 0xc}, 30'000, 1);
    EXPECT_EQ(line.check_before(5), 0xcu);
    EXPECT_FALSE(line.check_before(4).has_value());
    EXPECT_FALSE(line.check_before(6).has_value());
    EXPECT_EQ(line.lease_ms(), 30'000u);
    line.done(std::nullopt);  // refused: somebody else may have written
    EXPECT_FALSE(line.check_before(5).has_value());
}

TEST(AppendLine, IsFullAtItsLimit) {
    AppendLine line;
    for (std::size_t count = 0; count < AppendLine::kMaxWaiting; ++count)
        ASSERT_TRUE(line.add(append_at(count + 1), 1));
    EXPECT_FALSE(line.add(append_at(9'999), 1));
    EXPECT_EQ(line.next()->what.seq, 1u);
    EXPECT_TRUE(line.add(append_at(9'999), 1));
}

}  // namespace
}  // namespace streamcache
