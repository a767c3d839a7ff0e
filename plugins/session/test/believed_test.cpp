// Joins while the store is away: who is known here is believed, and asked about when the store is back.
#include <gtest/gtest.h>

#include "streamhost/ids.hpp"

#include "node.hpp"
#include "recent_sessions.hpp"

namespace session {
namespace {

using streamhost::own_member;
using testing::Answer;
using testing::FakeCluster;
using testing::kHeartbeat;
using testing::Node;

using Closed = std::vector<std::pair<sh_connection, std::uint32_t>>;

TEST(SessionPlugin, APageThatReloadsWhileTheStoreIsAwayIsBelieved) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    const std::string before = node.join(1, "s", "ann").body;
    node.host.advance(5'000);
    cluster.is_away = true;
    node.leave(1);
    node.host.advance(RecentSessions::kKeptMs - 1);
    const Answer answer = node.join(2, "s", "ann");
    ASSERT_EQ(answer.status, SH_OK);
    EXPECT_EQ(own_member(answer.body, "last_node"), "n1");
    const auto birthday = [](const std::string& body) { return body.substr(body.find("created"), 23); };
    EXPECT_EQ(birthday(answer.body), birthday(before));
    EXPECT_EQ(node.host.metric_values["session_believed_total"], 1);
    // Another tab beside it, and once more after a minute from the first leave.
    EXPECT_EQ(node.join(3, "s", "ann").status, SH_OK);
    cluster.sessions.clear();
    cluster.is_away = false;
    node.host.advance(kHeartbeat);
    EXPECT_EQ(cluster.sessions.count({"s", "n1"}), 1u) << "it is registered when the store is back";
    EXPECT_TRUE(cluster.closed.empty());
}

TEST(SessionPlugin, ATimeOutOfTheStoreIsNoRefusalEither) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    (void)node.join(1, "s", "ann");
    cluster.failures["key_get"].assign(OwnerCheck::kMaxSteps, SH_TIMEOUT);
    EXPECT_EQ(node.join(2, "s", "ann").status, SH_OK);
}

TEST(SessionPlugin, NobodyIsBelievedWhoWasNotHere) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    (void)one.join(1, "s", "ann");
    (void)one.join(2, "left", "ann");
    (void)one.join(3, "open", "anonymous");
    one.leave(2);
    cluster.is_away = true;
    EXPECT_EQ(one.join(10, "s", "bob").status, SH_FORBIDDEN) << "of a session that is held";
    EXPECT_EQ(one.join(10, "left", "bob").status, SH_UNAVAILABLE) << "of one that was";
    EXPECT_EQ(one.join(10, "s", "anonymous").status, SH_FORBIDDEN);
    EXPECT_EQ(one.join(10, "open", "ann").status, SH_UNAVAILABLE) << "it was nobody's, and may be somebody's";
    EXPECT_EQ(one.join(10, "new", "ann").status, SH_UNAVAILABLE);
    EXPECT_EQ(one.join(10, "", "ann").status, SH_UNAVAILABLE);
    EXPECT_EQ(two.join(10, "s", "ann").status, SH_UNAVAILABLE) << "this node does not know";
    EXPECT_EQ(one.join(10, "open", "anonymous").status, SH_OK);
    one.host.advance(RecentSessions::kKeptMs);
    EXPECT_EQ(one.join(11, "left", "ann").status, SH_UNAVAILABLE) << "too long ago";
    EXPECT_EQ(one.join(11, "s", "ann").status, SH_OK) << "held still";
    EXPECT_EQ(one.join(11, "s", "ann").status, SH_CONFLICT);
}

TEST(SessionPlugin, ARefusalOfTheStoreIsNotForgotten) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    (void)one.join(1, "s", "anonymous");
    one.leave(1);
    ASSERT_EQ(two.join(1, "s", "ann").status, SH_OK);
    EXPECT_EQ(one.join(2, "s", "anonymous").status, SH_FORBIDDEN);
    cluster.is_away = true;
    EXPECT_EQ(one.join(3, "s", "anonymous").status, SH_UNAVAILABLE);
}

TEST(SessionPlugin, WhoWasBelievedWronglyIsClosedWhenTheStoreIsBack) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    (void)one.join(1, "s", "anonymous");
    one.leave(1);
    ASSERT_EQ(two.join(1, "s", "ann").status, SH_OK);
    cluster.is_away = true;
    ASSERT_EQ(one.join(2, "s", "anonymous").status, SH_OK);
    ASSERT_EQ(one.join(3, "s", "anonymous").status, SH_OK);
    one.host.advance(3 * kHeartbeat);
    EXPECT_TRUE(cluster.closed.empty());
    cluster.is_away = false;
    one.host.advance(kHeartbeat);
    EXPECT_EQ(cluster.closed, (Closed{{2, 4403}, {3, 4403}}));
    cluster.is_away = true;
    EXPECT_EQ(one.join(4, "s", "anonymous").status, SH_UNAVAILABLE) << "before they have left";
    one.leave(2);
    one.leave(3);
    EXPECT_EQ(one.join(4, "s", "anonymous").status, SH_UNAVAILABLE) << "and after it";
}

TEST(SessionPlugin, WhoWasBelievedIsAskedAboutOnce) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    (void)node.join(1, "s", "ann");
    (void)node.join(2, "gone", "ann");
    cluster.is_away = true;
    for (sh_connection id = 10; id < 20; ++id)
        ASSERT_EQ(node.join(id, "s", "ann").status, SH_OK);
    ASSERT_EQ(node.join(20, "gone", "ann").status, SH_OK);
    node.leave(2);
    node.leave(20);
    node.host.advance(2 * kHeartbeat);
    cluster.is_away = false;
    cluster.failures["key_get"] = {SH_UNAVAILABLE};
    const int before = cluster.calls["key_get"];
    node.host.advance(kHeartbeat);
    EXPECT_EQ(cluster.calls["key_get"], before + 1) << "it fails: not before the next heartbeat";
    node.host.advance(kHeartbeat);
    EXPECT_EQ(cluster.calls["key_get"], before + 2);
    node.host.advance(5 * kHeartbeat);
    EXPECT_EQ(cluster.calls["key_get"], before + 2) << "a session with many connections, and none that left";
    EXPECT_EQ(node.check_owner("s", "ann").status, SH_OK);
    EXPECT_TRUE(cluster.closed.empty());
}

TEST(SessionPlugin, ManyWhoWereBelievedAreAllAskedAbout) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    constexpr sh_connection kMany = 3 * Sessions::kMaxQuestions;
    for (sh_connection id = 1; id <= kMany; ++id)
        (void)node.join(id, "s" + std::to_string(id), "ann");
    cluster.is_away = true;
    for (sh_connection id = 1; id <= kMany; ++id)
        ASSERT_EQ(node.join(kMany + id, "s" + std::to_string(id), "ann").status, SH_OK);
    node.host.advance(kHeartbeat);
    for (sh_connection id = 1; id <= kMany; ++id)  // as if another user had them
        cluster.keys["owner:s" + std::to_string(id)].value = "bob";
    cluster.is_away = false;
    node.host.advance(kHeartbeat);
    EXPECT_EQ(cluster.closed.size(), 2 * kMany);
}

}  // namespace
}  // namespace session
