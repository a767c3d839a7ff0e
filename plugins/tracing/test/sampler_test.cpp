#include "sampler.hpp"

#include <random>

#include <gtest/gtest.h>

namespace tracing {
namespace {

using Id = std::array<std::uint8_t, 16>;

Id ending_with(std::uint64_t bits) {
    Id id{};
    for (std::size_t index = 0; index < 8; ++index)
        id[15 - index] = static_cast<std::uint8_t>(bits >> (8 * index));
    return id;
}

TEST(Sampler, KeepsAllOrNothing) {
    EXPECT_TRUE(Sampler(1).keeps(ending_with(~std::uint64_t{0})));
    EXPECT_FALSE(Sampler(0).keeps(ending_with(0)));
}

TEST(Sampler, DecidesByTheLastEightBytesAsOthersDo) {
    const std::uint64_t half = std::uint64_t{1} << 63;  // of 2^64, as the first bit is not looked at
    EXPECT_TRUE(Sampler(0.5).keeps(ending_with(half - 1)));
    EXPECT_FALSE(Sampler(0.5).keeps(ending_with(half)));
    EXPECT_TRUE(Sampler(0.25).keeps(ending_with(half / 2 - 1)));
    EXPECT_FALSE(Sampler(0.25).keeps(ending_with(half / 2)));
}

TEST(Sampler, KeepsTheRatioOfMany) {
    std::mt19937_64 random(7);
    const Sampler sampler(0.1);
    int kept = 0;
    for (int count = 0; count < 100'000; ++count)
        kept += sampler.keeps(ending_with(random())) ? 1 : 0;
    EXPECT_NEAR(kept, 10'000, 400);
}

}  // namespace
}  // namespace tracing
