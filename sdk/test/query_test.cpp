#include "streamhost/query.hpp"

#include <gtest/gtest.h>

namespace streamhost {
namespace {

TEST(Query, KnowsWhatWasGivenAndWhatWasNot) {
    const Query query("user=J%C3%BCrgen+M%26M&limit=7", {"user", "limit", "home"});
    EXPECT_EQ(query.text("user"), "J\xc3\xbcrgen M&M");
    EXPECT_EQ(query.number("limit", 100, 1'000), 7u);
    EXPECT_EQ(query.text("home"), "");
    EXPECT_EQ(Query("", {"limit"}).number("limit", 100, 1'000), 100u);
}

TEST(Query, RefusesWhatItDoesNotKnow) {
    for (const char* text : {"usr=ann", "user", "user=a&x=1", "user=%", "user=%4", "user=%zz", "&", "=",
                             "user=a&limit=6&user=b", "user=&user="})
        EXPECT_THROW((void)Query(text, {"user", "limit"}), Failure) << text;
    try {
        (void)Query("usr=ann", {"user", "limit"});
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_STREQ(failure.what(), "parameters are limit=, user=, each once");
    }
}

TEST(Query, RefusesWhatIsNoNumberInItsRange) {
    for (const char* text : {"limit=0", "limit=1001", "limit=", "limit=1x", "limit=-1", "limit=99999999999"})
        EXPECT_THROW((void)Query(text, {"limit"}).number("limit", 100, 1'000), Failure) << text;
    EXPECT_EQ(Query("limit=1000", {"limit"}).number("limit", 100, 1'000), 1'000u);
}

}  // namespace
}  // namespace streamhost
