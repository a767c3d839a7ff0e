#include "streamhost/utf8.hpp"

#include <gtest/gtest.h>

#include "streamhost/status.hpp"

namespace streamhost {
namespace {

TEST(CutUtf8, NeverTearsACodePoint) {
    EXPECT_EQ(cut_utf8("abc", 3), "abc");
    EXPECT_EQ(cut_utf8("abc", 0), "");
    EXPECT_EQ(cut_utf8("a\xC3\xA4", 2), "a");
    EXPECT_EQ(cut_utf8("a\xE2\x82\xAC", 3), "a");
    EXPECT_EQ(cut_utf8("a\xE2\x82\xAC.", 4), "a\xE2\x82\xAC");
    EXPECT_EQ(cut_utf8("\xF0\x9F\x98\x80", 3), "");
}

TEST(CopyText, FillsTheFieldAndEndsIt) {
    char field[4] = {'x', 'x', 'x', 'x'};
    copy_text(field, "ab");
    EXPECT_STREQ(field, "ab");
    copy_text(field, "a\xE2\x82\xAC");
    EXPECT_STREQ(field, "a");
    copy_text(field, "");
    EXPECT_STREQ(field, "");
}

}  // namespace
}  // namespace streamhost
