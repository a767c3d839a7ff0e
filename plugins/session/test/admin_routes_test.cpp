#include "admin_routes.hpp"

#include <gtest/gtest.h>

namespace session {
namespace {

TEST(AdminRoutes, AQueryNamesAUserOrNothing) {
    EXPECT_EQ(user_of_query(""), "");
    EXPECT_EQ(user_of_query("user=ann"), "ann");
    EXPECT_EQ(user_of_query("user="), "");
    EXPECT_EQ(user_of_query("user=J%C3%BCrgen+M%26M%2b"), "J\xc3\xbcrgen M&M+");
}

TEST(AdminRoutes, ATypingErrorDoesNotShowAll) {
    for (const char* query :
         {"usr=ann", "user", "user=ann&x=1", "x=1&user=ann", "user=%", "user=%4", "user=%zz"})
        EXPECT_THROW((void)user_of_query(query), streamhost::Failure) << query;
}

TEST(AdminRoutes, APathNamesTheSessionToKick) {
    EXPECT_EQ(kicked_of_path("/admin/v1/sessions/s-1/kick"), "s-1");
    for (const char* path : {"/admin/v1/sessions/kick", "/admin/v1/sessions//kick", "/admin/v1/sessions/s-1",
                             "/admin/v1/sessions/s-1/kick/", "/admin/v1/other/s-1/kick"})
        EXPECT_EQ(kicked_of_path(path), std::nullopt) << path;
}

}  // namespace
}  // namespace session
