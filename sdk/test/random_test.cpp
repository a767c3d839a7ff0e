#include "streamhost/random.hpp"

#include <set>

#include <gtest/gtest.h>

#include "streamhost/ids.hpp"

namespace streamhost {
namespace {

TEST(Random, IdsDifferAndAreIds) {
    std::set<std::string> ids;
    for (int index = 0; index < 1'000; ++index)
        ids.insert(random_id());
    EXPECT_EQ(ids.size(), 1'000u);
    EXPECT_TRUE(is_session_id(*ids.begin()));
    EXPECT_EQ(ids.begin()->size(), 16u);
}

TEST(Random, NumbersDifferInAllOfTheirBits) {
    std::uint64_t ones = 0;
    std::uint64_t zeros = 0;
    for (int index = 0; index < 1'000; ++index) {
        const std::uint64_t number = random_number();
        ones |= number;
        zeros |= ~number;
    }
    EXPECT_EQ(ones, ~std::uint64_t{0});
    EXPECT_EQ(zeros, ~std::uint64_t{0});
}

}  // namespace
}  // namespace streamhost
