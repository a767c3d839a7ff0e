// Whose a session is, whoever comes first and whatever is lost on the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node.hpp"

namespace session {
namespace {

using testing::FakeCluster;
using testing::Node;

TEST(SessionPlugin, ASessionIsItsFirstUsers) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    ASSERT_EQ(one.join(1, "s", "ann").status, SH_OK);
    EXPECT_EQ(two.join(2, "s", "bob").status, SH_FORBIDDEN);
    EXPECT_EQ(two.check_owner("s", "bob").status, SH_FORBIDDEN);
    EXPECT_EQ(two.check_owner("s.run1", "bob").status, SH_FORBIDDEN) << "its streams too";
    EXPECT_EQ(two.check_owner("s.run1", "ann").status, SH_OK);
    EXPECT_EQ(two.join(3, "s", "anonymous").status, SH_FORBIDDEN);
    EXPECT_EQ(two.join(2, "s", "ann").status, SH_OK) << "a refused connection may try again";
    one.leave(1);
    two.leave(2);
    EXPECT_EQ(one.check_owner("s", "bob").status, SH_FORBIDDEN) << "also when nobody is there";
    EXPECT_EQ(two.host.metric_values["session_forbidden_total"], 4);
}

TEST(SessionPlugin, AGuestIsLetInAndOwnsNothing) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    Node other(cluster, "n2");
    ASSERT_EQ(other.join(1, "s", "ann").status, SH_OK);
    ASSERT_EQ(node.join(2, "s", "bob", SH_JOIN_GRANTED).status, SH_OK);
    EXPECT_EQ(node.check_owner("s", "bob").status, SH_FORBIDDEN);
    EXPECT_EQ(node.join(3, "s", "bob").status, SH_FORBIDDEN) << "who was not granted it";
    EXPECT_EQ(node.join(4, "s", "ann").status, SH_OK) << "whose it is, with the guest in it";
    node.leave(4);
    EXPECT_EQ(node.join(5, "s", "eve").status, SH_FORBIDDEN);
}

TEST(SessionPlugin, AGuestInNobodysSessionIsNoOwnerEither) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    ASSERT_THAT(node.join(1, "s", "bob", SH_JOIN_GRANTED).body, ::testing::HasSubstr(R"("guest":true)"));
    EXPECT_EQ(node.join(2, "s", "ann").status, SH_OK);
    EXPECT_EQ(node.check_owner("s", "bob").status, SH_FORBIDDEN);
}

TEST(SessionPlugin, WhoWasGrantedTheirOwnSessionIsNoGuest) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    ASSERT_EQ(node.join(1, "s", "ann").status, SH_OK);
    EXPECT_THAT(node.join(2, "s", "ann", SH_JOIN_GRANTED).body,
                ::testing::Not(::testing::HasSubstr("guest")));
}

TEST(SessionPlugin, ARefusedJoinDoesNotTakeWhatItsOwnerHolds) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    ASSERT_EQ(node.join(1, "s", "ann").status, SH_OK);
    cluster.keys.clear();
    EXPECT_EQ(node.join(2, "s", "bob").status, SH_FORBIDDEN);
    EXPECT_EQ(node.join(3, "s", "ann").status, SH_OK);
}

TEST(SessionPlugin, WhoeverWritesToANewHomeFirstOwnsIt) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    EXPECT_EQ(two.check_owner("feed", "bob").status, SH_OK);
    EXPECT_EQ(one.check_owner("feed", "ann").status, SH_FORBIDDEN);
    EXPECT_EQ(one.join(1, "feed", "ann").status, SH_FORBIDDEN);
}

TEST(SessionPlugin, AnonymousOwnsNothing) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    ASSERT_EQ(node.join(1, "s", "anonymous").status, SH_OK);
    ASSERT_EQ(node.join(2, "s", "anonymous").status, SH_OK);
    EXPECT_EQ(node.check_owner("s", "anonymous").status, SH_OK);
    EXPECT_TRUE(cluster.keys.empty());
    // With the first real user it becomes somebody's, and those who came before have to go.
    EXPECT_EQ(node.join(3, "s", "ann").status, SH_OK);
    EXPECT_EQ(cluster.closed, (std::vector<std::pair<sh_connection, std::uint32_t>>{{1, 4403}, {2, 4403}}));
}

TEST(SessionPlugin, AnOwnerStaysOneForThirtyDaysAfterTheLastWrite) {
    FakeCluster cluster;
    Node node(cluster, "n1", 600'000);  // heartbeats do not matter here
    ASSERT_EQ(node.check_owner("s", "ann").status, SH_OK);
    const auto day = [&](int count) {
        for (int index = 0; index < count; ++index)
            node.host.advance(24 * 3'600'000);
    };
    day(20);
    ASSERT_EQ(node.check_owner("s", "ann").status, SH_OK);
    day(20);
    EXPECT_EQ(node.check_owner("s", "bob").status, SH_FORBIDDEN);
    day(11);
    EXPECT_EQ(node.check_owner("s", "bob").status, SH_OK);
}

TEST(SessionPlugin, AnOwnerWhoIsHereIsNotAskedForAtEachWrite) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    (void)node.join(1, "s", "ann");
    const int before = cluster.calls["key_get"];
    for (int index = 0; index < 100; ++index)
        EXPECT_EQ(node.check_owner("s.run", "ann").status, SH_OK);
    EXPECT_EQ(cluster.calls["key_get"], before);
    EXPECT_EQ(node.check_owner("s.run", "bob").status, SH_FORBIDDEN);
    EXPECT_EQ(cluster.calls["key_get"], before + 1);
}

TEST(SessionPlugin, AClaimWhoseAnswerWasLostIsRepeated) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    cluster.failures["key_set answer"] = {SH_TIMEOUT, SH_TIMEOUT};
    EXPECT_EQ(node.join(1, "s", "ann").status, SH_OK);
    EXPECT_EQ(cluster.keys.at("owner:s").value, "ann");
}

}  // namespace
}  // namespace session
