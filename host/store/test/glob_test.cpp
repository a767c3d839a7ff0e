#include "store/glob.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace streamhost::store {
namespace {

// What Redis matches is tested by the conformance suite, against Redis too; here the shapes that a matcher
// may trip over.
TEST(Glob, TakesPatternsThatAreNotWhole) {
    EXPECT_TRUE(glob_match("a[bc", "ab"));
    EXPECT_FALSE(glob_match("a[bc", "ad"));
    EXPECT_TRUE(glob_match("a\\", "a\\"));
    EXPECT_FALSE(glob_match("[", "a"));
    EXPECT_TRUE(glob_match("[^", "a"));
    EXPECT_FALSE(glob_match("[]", "]"));
    EXPECT_TRUE(glob_match("[a\\", "\\"));
    EXPECT_FALSE(glob_match("", "a"));
    EXPECT_TRUE(glob_match("***", ""));
    EXPECT_FALSE(glob_match("?", ""));
}

TEST(Glob, ComparesBytesAndNotSigns) {
    EXPECT_TRUE(glob_match("[\x01-\xff]", "\x80"));
    EXPECT_FALSE(glob_match("[\x01-\x7f]", "\x80"));
    EXPECT_TRUE(glob_match("?", std::string_view("\0", 1)));
}

TEST(Glob, StaysQuickOnPatternsMadeToBeSlow) {
    std::string pattern;
    for (int i = 0; i < 60; ++i)
        pattern += "*a";
    const std::string text = std::string(256, 'a') + "b";
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i)
        EXPECT_FALSE(glob_match(pattern, text));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace streamhost::store
