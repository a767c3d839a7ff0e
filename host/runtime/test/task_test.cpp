#include "runtime/task.hpp"

#include <array>
#include <memory>

#include <gtest/gtest.h>

namespace streamhost::runtime {
namespace {

TEST(Task, RunsWhatItCaptured) {
    int sum = 0;
    Task task([&sum, part = 3] { sum += part; });
    ASSERT_TRUE(task);
    task();
    task();
    EXPECT_EQ(sum, 6);
}

TEST(Task, TakesMoveOnlyCapturesAndDestroysThemOnce) {
    auto shared = std::make_shared<int>(7);
    {
        Task task([owned = std::make_unique<int>(1), shared] { *shared += *owned; });
        EXPECT_EQ(shared.use_count(), 2);
        Task moved(std::move(task));
        EXPECT_FALSE(task);  // NOLINT(bugprone-use-after-move): moved-from is empty by contract
        moved();
        EXPECT_EQ(shared.use_count(), 2);
    }
    EXPECT_EQ(*shared, 8);
    EXPECT_EQ(shared.use_count(), 1);
}

TEST(Task, LargeCapturesMoveByPointer) {
    auto shared = std::make_shared<int>(0);
    std::array<int, 64> numbers{};
    numbers[63] = 42;
    Task task([shared, numbers] { *shared = numbers[63]; });
    Task other;
    other = std::move(task);
    other();
    EXPECT_EQ(*shared, 42);
    other.reset();
    EXPECT_FALSE(other);
    EXPECT_EQ(shared.use_count(), 1);
}

TEST(Task, AssignmentDestroysTheFormerCallable) {
    auto first = std::make_shared<int>(0);
    Task task([first] { ++*first; });
    task = Task([] {});
    EXPECT_EQ(first.use_count(), 1);
}

TEST(Task, ResultsAreIgnored) {
    int calls = 0;
    Task task([&] { return ++calls; });
    task();
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace streamhost::runtime
