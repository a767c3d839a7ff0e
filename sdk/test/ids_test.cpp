#include "streamhost/ids.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace streamhost {
namespace {

TEST(Ids, SessionsAreOneStrictWord) {
    EXPECT_TRUE(is_session_id("a-B_9"));
    EXPECT_TRUE(is_session_id(std::string(64, 'a')));
    for (const std::string& bad :
         std::vector<std::string>{"", std::string(65, 'a'), "a.b", "ä", "a b", "a\n"})
        EXPECT_FALSE(is_session_id(bad)) << bad;
}

TEST(Ids, StreamsHaveAHomeAndPerhapsMore) {
    EXPECT_TRUE(is_stream_id("a"));
    EXPECT_TRUE(is_stream_id("a.b.c-_"));
    EXPECT_TRUE(is_stream_id("a." + std::string(126, 'b')));
    EXPECT_FALSE(is_stream_id("a." + std::string(127, 'b')));
    for (const char* bad : {"", ".", "a.", ".a", "a.\"", "a/b"})
        EXPECT_FALSE(is_stream_id(bad)) << bad;
}

TEST(Ids, RunsHaveBothParts) {
    EXPECT_TRUE(is_run_id("s.x"));
    for (const std::string& bad :
         std::vector<std::string>{"s", "s.", ".x", "s.a b", "s\n.x", std::string(65, 's') + ".x"})
        EXPECT_FALSE(is_run_id(bad)) << bad;
}

TEST(Ids, AreCutAtTheFirstDot) {
    static_assert(home_of("a.b.c") == "a" && local_of("a.b.c") == "b.c");
    static_assert(home_of("a") == "a" && local_of("a").empty());
    EXPECT_EQ(home_of(""), "");
    EXPECT_EQ(home_of(".a"), "");
    EXPECT_EQ(local_of("a."), "");
}

}  // namespace
}  // namespace streamhost
