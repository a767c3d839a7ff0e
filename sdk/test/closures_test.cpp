#include "streamhost/closures.hpp"

#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace streamhost {
namespace {

using Table = Closures<void()>;

TEST(Closures, GivesEachOutOnce) {
    Table table;
    int ran = 0;
    const std::uint64_t number = table.put([&] { ++ran; });
    EXPECT_EQ(table.size(), 1u);
    auto closure = table.take(number);
    ASSERT_TRUE(closure);
    (*closure)();
    EXPECT_EQ(ran, 1);
    EXPECT_FALSE(table.take(number));
    EXPECT_EQ(table.size(), 0u);
}

TEST(Closures, ALateNumberDoesNotFindWhoHasItsPlaceNow) {
    Table table;
    const std::uint64_t first = table.put([] {});
    table.drop(first);
    const std::uint64_t second = table.put([] {});
    EXPECT_NE(first, second);
    EXPECT_FALSE(table.take(first));
    EXPECT_TRUE(table.take(second));
    EXPECT_FALSE(table.take(0));
    EXPECT_FALSE(table.take(~std::uint64_t{0}));
}

TEST(Closures, KeepsManyApart) {
    Table table;
    std::vector<int> ran(100);
    std::vector<std::uint64_t> numbers;
    for (int& one : ran)
        numbers.push_back(table.put([&one] { ++one; }));
    for (std::size_t index = 0; index < numbers.size(); index += 2)
        (*table.take(numbers[index]))();
    for (std::size_t index = 1; index < numbers.size(); index += 2)
        (*table.take(numbers[index]))();
    EXPECT_EQ(ran, std::vector<int>(100, 1));
    EXPECT_EQ(table.size(), 0u);
}

TEST(Closures, LetsGoOfWhatWasDropped) {
    Table table;
    auto held = std::make_shared<int>(1);
    const std::uint64_t number = table.put([held] {});
    EXPECT_EQ(held.use_count(), 2);
    table.drop(number);
    EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace streamhost
