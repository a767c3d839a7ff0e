#include "streamhost/grants.hpp"

#include <gtest/gtest.h>

namespace streamhost {
namespace {

GrantList grants(std::initializer_list<const char*> all) {
    GrantList list;
    for (const char* grant : all)
        EXPECT_TRUE(list.add(grant)) << grant;
    return list;
}

TEST(GrantListTest, NothingIsAllowedAtFirst) {
    const GrantList none;
    EXPECT_FALSE(none.allows(Verb::kRead, "trip"));
    EXPECT_FALSE(none.allows_own(Verb::kRead));
}

TEST(GrantListTest, AHomeABeginningOrAll) {
    const GrantList list = grants({"read:team", "read:team-*", "produce:*"});
    EXPECT_TRUE(list.allows(Verb::kRead, "team"));
    EXPECT_TRUE(list.allows(Verb::kRead, "team-7"));
    EXPECT_FALSE(list.allows(Verb::kRead, "teams"));
    EXPECT_TRUE(list.allows(Verb::kProduce, "anything"));
    EXPECT_FALSE(list.allows(Verb::kSend, "team"));
}

TEST(GrantListTest, OwnHomesAreNoHome) {
    const GrantList list = grants({"read:@own"});
    EXPECT_TRUE(list.allows_own(Verb::kRead));
    EXPECT_FALSE(list.allows_own(Verb::kSend));
    EXPECT_FALSE(list.allows(Verb::kRead, "own"));
    EXPECT_FALSE(list.allows(Verb::kRead, "@own")) << "no home has such a name";
}

TEST(GrantListTest, AStarIsEveryVerbButAdmin) {
    const GrantList list = grants({"*:ops-*"});
    for (const Verb verb : {Verb::kRead, Verb::kSend, Verb::kProduce})
        EXPECT_TRUE(list.allows(verb, "ops-1"));
    EXPECT_FALSE(list.allows(Verb::kAdmin, "ops-1")) << "which has to be said";
    EXPECT_FALSE(list.allows_own(Verb::kRead));
}

TEST(GrantListTest, WhatCannotBeReadGrantsNothing) {
    GrantList list;
    for (const char* grant : {"", "read", "read:", ":team", "write:team", "READ:team", "read:a*b",
                              "read:@all", "read:**", "admin:@own"})
        EXPECT_FALSE(list.add(grant)) << grant;
    EXPECT_FALSE(list.allows(Verb::kRead, "team"));
}

}  // namespace
}  // namespace streamhost
