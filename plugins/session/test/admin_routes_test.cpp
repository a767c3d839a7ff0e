#include "admin_routes.hpp"

#include <gtest/gtest.h>

namespace session {
namespace {

TEST(AdminRoutes, AQueryNamesAUserOrNothing) {
    EXPECT_EQ(session_query("").user, "");
    EXPECT_EQ(session_query("user=ann").user, "ann");
    EXPECT_EQ(session_query("user=").user, "");
    EXPECT_EQ(session_query("user=J%C3%BCrgen+M%26M%2b").user, "J\xc3\xbcrgen M&M+");
}

TEST(AdminRoutes, AQuerySaysHowManyEntriesAreWanted) {
    EXPECT_EQ(session_query("").limit, kMaxListed);
    EXPECT_EQ(session_query("limit=1").limit, 1u);
    const SessionQuery both = session_query("limit=1000&user=ann");
    EXPECT_EQ(both.limit, 1'000u);
    EXPECT_EQ(both.user, "ann");
}

TEST(AdminRoutes, ATypingErrorDoesNotShowAll) {
    for (const char* query : {"usr=ann", "user", "user=ann&x=1", "x=1&user=ann", "user=%", "user=%4",
                              "user=%zz", "&", "user=ann&user=bob", "limit=0", "limit=1001",
                              "limit=", "limit=1x", "limit=-1", "user=a&limit=6&user=b"})
        EXPECT_THROW((void)session_query(query), streamhost::Failure) << query;
}

TEST(AdminRoutes, APathNamesTheSessionToKick) {
    EXPECT_EQ(kicked_of_path("/admin/v1/sessions/s-1/kick"), "s-1");
    for (const char* path : {"/admin/v1/sessions/kick", "/admin/v1/sessions//kick", "/admin/v1/sessions/s-1",
                             "/admin/v1/sessions/s-1/kick/", "/admin/v1/other/s-1/kick"})
        EXPECT_EQ(kicked_of_path(path), std::nullopt) << path;
}

}  // namespace
}  // namespace session
