// Who joins, who leaves, and what becomes of those in between.
#include <gtest/gtest.h>

#include "streamhost/ids.hpp"

#include "node.hpp"

namespace session {
namespace {

using streamhost::own_member;
using testing::Answer;
using testing::FakeCluster;
using testing::kHeartbeat;
using testing::Node;

TEST(SessionPlugin, AJoinSaysWhereTheSessionIsAndWas) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    const Answer first = one.join(1, "trip");
    ASSERT_EQ(first.status, SH_OK);
    const std::string created = std::to_string(one.host.now_ms() + 1'700'000'000'000);
    EXPECT_EQ(first.body,
              R"({"session":"trip","affinity":"trip","created":)" + created + R"(,"last_node":""})");
    EXPECT_EQ(cluster.sessions.count({"trip", "n1"}), 1u);
    EXPECT_EQ(one.host.metric_values["sessions{scope=node}"], 1);

    one.leave(1);
    EXPECT_TRUE(cluster.sessions.empty());
    two.host.advance(1'000);
    EXPECT_EQ(own_member(two.join(2, "trip").body, "last_node"), "n1") << "remembered after it left";
}

TEST(SessionPlugin, TheSessionKeepsItsBirthdayOnOtherNodes) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    const std::string created = one.join(1, "trip").body;
    two.host.advance(5'000);
    const std::string there = two.join(2, "trip").body;
    const auto birthday = [](const std::string& body) { return body.substr(body.find("created"), 23); };
    EXPECT_EQ(birthday(created), birthday(there));
}

TEST(SessionPlugin, WithoutAnIdOneIsMade) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    const std::string first(own_member(node.join(1, "").body, "session"));
    const std::string second(own_member(node.join(2, "").body, "session"));
    EXPECT_TRUE(streamhost::is_session_id(first));
    EXPECT_NE(first, second);
    EXPECT_EQ(cluster.sessions.count({first, "n1"}), 1u);
}

TEST(SessionPlugin, BadRequestsAreRefusedAndLeaveNothing) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    EXPECT_EQ(node.join(1, "no spaces").status, SH_INVALID);
    EXPECT_EQ(node.join(1, std::string(65, 'a')).status, SH_INVALID);
    EXPECT_EQ(node.join(0, "s").status, SH_INVALID);
    EXPECT_EQ(node.join(1, "s", "").status, SH_INVALID);
    EXPECT_EQ(node.join(1, "s", "a{b").status, SH_INVALID);
    EXPECT_EQ(node.kick("").status, SH_INVALID);
    EXPECT_EQ(node.check_owner(".x", "ann").status, SH_INVALID);
    EXPECT_TRUE(cluster.sessions.empty());
    EXPECT_TRUE(cluster.keys.empty());
    EXPECT_EQ(node.host.open_tickets(), 0u);
}

TEST(SessionPlugin, WithoutTheStoreAJoinHearsUnavailable) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    cluster.is_away = true;
    EXPECT_EQ(node.join(1, "s").status, SH_UNAVAILABLE);
    EXPECT_EQ(node.list().status, SH_UNAVAILABLE);
    EXPECT_EQ(node.count().status, SH_UNAVAILABLE);
    EXPECT_EQ(node.check_owner("s", "ann").status, SH_UNAVAILABLE);
    cluster.is_away = false;
    EXPECT_EQ(node.join(1, "s").status, SH_OK);
}

TEST(SessionPlugin, TheAffinityHintIsNotWorthARefusal) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    cluster.failures["list"] = {SH_TIMEOUT};
    const Answer answer = node.join(1, "s");
    EXPECT_EQ(answer.status, SH_OK);
    EXPECT_EQ(own_member(answer.body, "last_node"), "");
}

TEST(SessionPlugin, AConnectionThatClosesWhileItJoinsIsNotRegistered) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    Answer answer;
    node.post_join(answer, 1, "s", "ann");
    node.leave(1);
    EXPECT_EQ(answer.status, SH_GONE);
    EXPECT_TRUE(cluster.sessions.empty());
    EXPECT_EQ(node.host.metric_values["session_connections"], 0);
}

TEST(SessionPlugin, AConnectionHasOneSession) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    Answer first;
    Answer second;
    node.post_join(first, 1, "s", "ann");
    node.post_join(second, 1, "t", "ann");
    node.host.run();
    EXPECT_EQ(first.status, SH_OK);
    EXPECT_EQ(second.status, SH_CONFLICT);
    EXPECT_EQ(node.join(1, "s").status, SH_CONFLICT);
    EXPECT_EQ(cluster.sessions.size(), 1u);
}

TEST(SessionPlugin, ALeaveThatFoundTheQueueFullIsTold) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    (void)node.join(1, "s");
    (void)node.join(2, "t");
    cluster.is_queue_full = true;
    node.leave(1);
    node.host.advance(kHeartbeat);
    EXPECT_EQ(cluster.sessions.count({"s", "n1"}), 1u) << "it is full still";
    cluster.is_queue_full = false;
    node.host.advance(kHeartbeat);
    EXPECT_EQ(cluster.sessions.count({"s", "n1"}), 0u);
    EXPECT_EQ(cluster.sessions.count({"t", "n1"}), 1u);
    EXPECT_EQ(node.host.metric_values["session_connections"], 1);
    EXPECT_EQ(node.host.metric_values["session_cleanup_errors_total"], 0);
}

TEST(SessionPlugin, ALeaveThatWasHeldUpEndsItsJoinAllTheSame) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    Answer answer;
    node.post_join(answer, 1, "s", "ann");
    cluster.is_queue_full = true;
    node.table->leave(node.self, 1);
    cluster.is_queue_full = false;
    node.host.run();
    EXPECT_EQ(answer.status, SH_OK) << "nobody knows yet that it left";
    node.host.advance(kHeartbeat);
    EXPECT_TRUE(cluster.sessions.empty());
    EXPECT_EQ(node.host.metric_values["session_connections"], 0);
}

}  // namespace
}  // namespace session
