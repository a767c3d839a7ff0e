// Kicks over nodes: who is told, who answers, and what the asker hears.
#include "kicks.hpp"

#include <gtest/gtest.h>

#include "node.hpp"

namespace session {
namespace {

using testing::Answer;
using testing::FakeCluster;
using testing::kHeartbeat;
using testing::Node;

using Kind = KickMessage::Kind;

TEST(KickMessage, ComesBackAsItWasSaid) {
    const KickMessage order = read_kick(write({Kind::kClose, "n1", 7, "s-1", {}, 0}));
    EXPECT_EQ(order.kind, Kind::kClose);
    EXPECT_EQ(order.asker, "n1");
    EXPECT_EQ(order.number, 7u);
    EXPECT_EQ(order.session, "s-1");
    const KickMessage answer = read_kick(write({Kind::kClosed, "n1", 7, {}, "n2", 3}));
    EXPECT_EQ(answer.kind, Kind::kClosed);
    EXPECT_EQ(answer.asker, "n1");
    EXPECT_EQ(answer.number, 7u);
    EXPECT_EQ(answer.node, "n2");
    EXPECT_EQ(answer.closed, 3u);
}

TEST(KickMessage, WhatIsNotOneOfOursIsNone) {
    for (const char* text : {"", "close", "close n1 7", "close n1 x s", "close n1 7 s t", "closed n1 7 n2",
                             "closed n1 7 n2 many", "open n1 7 s", "closed n1 7 n2 3 4"})
        EXPECT_EQ(read_kick(text).kind, Kind::kNone) << text;
}

class KicksTest : public ::testing::Test {
protected:
    // Until nobody has anything left to do, without any time passing.
    void settle() {
        for (int round = 0; round < 5; ++round)
            for (Node* node : {&one, &two})
                node->host.run();
    }
    void kick(const std::string& session) { one.table->kick(one.self, bytes(session), one.ticket(answer)); }

    static sh_bytes bytes(std::string_view text) { return streamhost::bytes(text); }

    FakeCluster cluster;
    Node one{cluster, "n1"};
    Node two{cluster, "n2"};
    Answer answer;
};

TEST_F(KicksTest, ReachesEveryNodeOnceAndCountsAll) {
    (void)one.join(1, "s");
    (void)one.join(2, "other");
    (void)two.join(3, "s");
    (void)two.join(4, "s");
    kick("s");
    settle();
    ASSERT_EQ(answer.count, 1);
    EXPECT_EQ(answer.status, SH_OK);
    EXPECT_EQ(answer.number, 3u);
    EXPECT_EQ(answer.detail, "");
    EXPECT_EQ(answer.body, R"({"session":"s","closed":3,"unanswered":[]})");
    EXPECT_EQ(cluster.closed,
              (std::vector<std::pair<sh_connection, std::uint32_t>>{{1, 4403}, {3, 4403}, {4, 4403}}));
}

TEST_F(KicksTest, ASessionOfAnotherNodeAloneIsClosedThere) {
    (void)two.join(3, "s");
    kick("s");
    settle();
    EXPECT_EQ(answer.number, 1u);
    EXPECT_EQ(cluster.closed.size(), 1u);
}

TEST_F(KicksTest, AnUnknownSessionIsAnsweredAtOnce) {
    kick("unknown");
    settle();
    ASSERT_EQ(answer.count, 1);
    EXPECT_EQ(answer.body, R"({"session":"unknown","closed":0,"unanswered":[]})");
}

TEST_F(KicksTest, ANodeThatStandsStillIsNamedAfterASecond) {
    (void)one.join(1, "s");
    (void)two.join(3, "s");
    kick("s");
    one.host.advance(Kicks::kWaitMs - 1);
    EXPECT_EQ(answer.count, 0);
    one.host.advance(1);
    ASSERT_EQ(answer.count, 1);
    EXPECT_EQ(answer.body, R"({"session":"s","closed":1,"unanswered":["n2"]})");
    EXPECT_NE(answer.detail, "");
    settle();  // its answer comes too late, and to nobody
    EXPECT_EQ(answer.count, 1);
    EXPECT_EQ(cluster.closed.size(), 2u);
}

TEST_F(KicksTest, WithoutTopicsAKickReachesThisNodeAndSaysSo) {
    one.host.withdraw(SH_SVC_PUBSUB);
    (void)one.join(1, "s");
    (void)two.join(3, "s");
    kick("s");
    settle();
    EXPECT_EQ(answer.status, SH_OK);
    EXPECT_EQ(answer.body, R"({"session":"s","closed":1,"unanswered":["n2"]})");
    EXPECT_NE(answer.detail, "");
    one.host.advance(kHeartbeat);
    EXPECT_EQ(one.host.health["kick"], static_cast<std::uint32_t>(SH_HEALTH_DEGRADED));
    cluster.attach(one.host, "n1");
    one.host.advance(kHeartbeat);
    EXPECT_EQ(one.host.health["kick"], static_cast<std::uint32_t>(SH_HEALTH_OK));
}

TEST_F(KicksTest, WithoutTheStoreThisNodeIsClosedAndTheOthersAreTold) {
    (void)one.join(1, "s");
    (void)two.join(3, "s");
    cluster.is_away = true;
    kick("s");
    settle();
    ASSERT_EQ(answer.count, 1);
    EXPECT_NE(answer.detail, "");
    EXPECT_EQ(cluster.closed.size(), 2u);
}

}  // namespace
}  // namespace session
