#include <gtest/gtest.h>

#include "span_queue.hpp"

namespace tracing {
namespace {

using std::chrono::milliseconds;
constexpr SpanQueue::Time kStart{};

TEST(Queue, TakesSoManyAndRefusesTheRest) {
    SpanQueue queue(2);
    EXPECT_TRUE(queue.push("a", kStart));
    EXPECT_TRUE(queue.push("b", kStart));
    EXPECT_FALSE(queue.push("c", kStart));
    EXPECT_EQ(queue.take(1), std::vector<std::string>{"a"});
    EXPECT_TRUE(queue.push("c", kStart));
    EXPECT_EQ(queue.take(9), (std::vector<std::string>{"b", "c"}));
    EXPECT_TRUE(queue.take(9).empty());
}

TEST(Queue, IsDueWhenABatchIsFullOrTheOldestHasWaited) {
    SpanQueue queue(9);
    EXPECT_FALSE(queue.is_due(1, kStart));
    ASSERT_TRUE(queue.push("a", kStart + milliseconds(100)));
    EXPECT_FALSE(queue.is_due(2, kStart + milliseconds(99)));
    EXPECT_TRUE(queue.is_due(2, kStart + milliseconds(100)));
    ASSERT_TRUE(queue.push("b", kStart + milliseconds(200)));
    EXPECT_TRUE(queue.is_due(2, kStart));
}

TEST(Queue, ThatIsClosedSaysWhatIsLost) {
    SpanQueue queue(9);
    ASSERT_TRUE(queue.push("a", kStart));
    EXPECT_EQ(queue.close(), 1u);
    EXPECT_FALSE(queue.push("b", kStart));
    EXPECT_EQ(queue.size(), 0u);
}

}  // namespace
}  // namespace tracing
