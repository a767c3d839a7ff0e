#include "streamhost/ascii.hpp"

#include <gtest/gtest.h>

namespace streamhost {
namespace {

TEST(Ascii, CaseOfLettersAloneDoesNotCount) {
    EXPECT_TRUE(equal_ignoring_case("LocalHost", "lOCALhOST"));
    EXPECT_TRUE(equal_ignoring_case("", ""));
    EXPECT_FALSE(equal_ignoring_case("local", "localhost"));
    EXPECT_FALSE(equal_ignoring_case("[", "{")) << "32 apart, and no letters";
    EXPECT_FALSE(equal_ignoring_case("\xC4", "\xE4"));
}

}  // namespace
}  // namespace streamhost
