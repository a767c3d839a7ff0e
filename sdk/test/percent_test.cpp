#include "streamhost/percent.hpp"

#include <gtest/gtest.h>

namespace streamhost {
namespace {

TEST(Percent, IsDecodedOrRefused) {
    EXPECT_EQ(percent_decoded("2001%3Adb8%3a%3A%2F64"), "2001:db8::/64");
    EXPECT_EQ(percent_decoded("a+b%2Bc"), "a+b+c");
    EXPECT_EQ(percent_decoded("a+b%2Bc", Plus::kIsASpace), "a b+c");
    EXPECT_EQ(percent_decoded(""), "");
    for (const char* text : {"%", "%4", "a%4", "%zz", "%4z", "%-1", "% 1"})
        EXPECT_EQ(percent_decoded(text), std::nullopt) << text;
}

}  // namespace
}  // namespace streamhost
