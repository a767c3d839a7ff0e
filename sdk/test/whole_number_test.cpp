#include "streamhost/whole_number.hpp"

#include <cstdint>

#include <gtest/gtest.h>

namespace streamhost {
namespace {

TEST(WholeNumber, IsAllOfTheTextOrNothing) {
    EXPECT_EQ(whole_number<std::uint16_t>("65535"), 65'535);
    EXPECT_EQ(whole_number<int>("-7"), -7);
    EXPECT_EQ(whole_number<std::uint64_t>("00ff", 16), 255u);
    for (const char* text : {"", " 1", "1 ", "+1", "-1", "1.0", "0x1", "65536", "99999999999999999999999"})
        EXPECT_EQ(whole_number<std::uint16_t>(text), std::nullopt) << text;
}

}  // namespace
}  // namespace streamhost
