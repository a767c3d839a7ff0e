#include "seen_streams.hpp"

#include <gtest/gtest.h>

namespace recovery {
namespace {

std::string name_of(std::size_t index) { return "session.run-" + std::to_string(index); }

TEST(SeenStreams, KnowsEachOnce) {
    SeenStreams seen;
    EXPECT_TRUE(seen.add("a"));
    EXPECT_FALSE(seen.add("a"));
    EXPECT_TRUE(seen.add("a.run"));
    EXPECT_EQ(seen.size(), 2u);
}

TEST(SeenStreams, KeepsTheNewestHoweverManyThereAre) {
    SeenStreams seen;
    constexpr std::size_t kMany = 100 * SeenStreams::kMax;
    for (std::size_t index = 0; index < kMany; ++index) {
        EXPECT_TRUE(seen.add(name_of(index)));
        EXPECT_FALSE(seen.add(name_of(index)));
        EXPECT_LE(seen.size(), SeenStreams::kMax);
    }
    for (std::size_t index = kMany - SeenStreams::kMax; index < kMany; ++index)
        EXPECT_FALSE(seen.add(name_of(index))) << index;
    EXPECT_TRUE(seen.add(name_of(0))) << "forgotten";
    EXPECT_TRUE(seen.add(name_of(kMany - SeenStreams::kMax))) << "the oldest made room";
    EXPECT_FALSE(seen.add(name_of(kMany - 1)));
}

}  // namespace
}  // namespace recovery
