#include "namesake.hpp"

#include <gtest/gtest.h>

#include "listing.hpp"
#include "node.hpp"

namespace session {
namespace {

using testing::FakeCluster;
using testing::kHeartbeat;
using testing::kTtl;
using testing::Node;

constexpr std::int64_t kQuiet = 60;

TEST(Namesake, TheEntryOfAFormerProcessIsNoSign) {
    Namesake namesake("2@a/1", kQuiet);
    namesake.wrote("1@a/1", 0);
    for (std::int64_t now = 10; now < 100; now += 10)
        namesake.wrote("2@a/1", now);
    EXPECT_EQ(namesake.other(), "");
}

TEST(Namesake, WhoeverWritesInBetweenLives) {
    Namesake namesake("2@a/1", kQuiet);
    namesake.wrote(std::nullopt, 0);
    namesake.wrote("3@b/7", 10);
    EXPECT_EQ(namesake.other(), "") << "a failover of the store may say so once";
    namesake.wrote("3@b/7", 20);
    EXPECT_EQ(namesake.other(), "3@b/7");
    EXPECT_FALSE(namesake.is_younger());
    namesake.wrote("2@a/1", 30);
    EXPECT_EQ(namesake.other(), "3@b/7");
    namesake.wrote("2@a/1", 20 + kQuiet);
    EXPECT_EQ(namesake.other(), "") << "gone";
}

TEST(Namesake, TheLaterOneKnowsThatItIs) {
    Namesake namesake("2@a/1", kQuiet);
    namesake.wrote("1@b/1", 0);
    namesake.wrote("1@b/1", 10);
    namesake.wrote("1@b/1", 20);
    EXPECT_EQ(namesake.other(), "1@b/1");
    EXPECT_TRUE(namesake.is_younger());
}

TEST(Namesake, SignsOfSeveralAreNotAddedUp) {
    Namesake namesake("2@a/1", kQuiet);
    namesake.wrote(std::nullopt, 0);
    namesake.wrote("1@b/1", 10);
    namesake.wrote("3@b/1", 20);
    EXPECT_EQ(namesake.other(), "");
}

TEST(Namesake, IsReadFromWhatTheStoreAnswers) {
    EXPECT_EQ(
        incarnation_of(R"([{"node":"n","data":"{\"sessions\":1,\"incarnation\":\"1@a/1\"}","left_ms":5}])"),
        "1@a/1");
    EXPECT_EQ(incarnation_of(R"([{"node":"n","data":"{}","left_ms":5}])"), "") << "of a former version";
    EXPECT_EQ(incarnation_of("[]"), std::nullopt);
    EXPECT_EQ(incarnation_of(""), std::nullopt);
}

TEST(SessionPlugin, TwoLivingNodesOfOneIdAreTold) {
    FakeCluster cluster;
    Node first(cluster, "n1");
    Node other(cluster, "n2");
    Node second(cluster, "n1");
    const auto beat = [&](int times) {
        for (; times > 0; --times) {
            first.host.advance(kHeartbeat);
            second.host.advance(kHeartbeat);
            other.host.advance(kHeartbeat);
        }
    };
    EXPECT_EQ(second.host.metric_values["node_id_conflict"], 0);
    beat(3);
    EXPECT_EQ(first.host.metric_values["node_id_conflict"], 1);
    EXPECT_EQ(first.host.health["node_id"], SH_HEALTH_DEGRADED);
    EXPECT_EQ(second.host.metric_values["node_id_conflict"], 1);
    EXPECT_EQ(second.host.health["node_id"], SH_HEALTH_DOWN);
    EXPECT_EQ(other.host.metric_values["node_id_conflict"], 0);
    for (std::int64_t passed = 0; passed <= 3 * kTtl; passed += kHeartbeat)
        second.host.advance(kHeartbeat);
    EXPECT_EQ(second.host.metric_values["node_id_conflict"], 0);
    EXPECT_EQ(second.host.health["node_id"], SH_HEALTH_OK);
}

TEST(SessionPlugin, ANodeThatComesBackAtOnceIsAlone) {
    FakeCluster cluster;
    Node crashed(cluster, "n1");
    Node fresh(cluster, "n1");
    for (int step = 0; step < 6; ++step)
        fresh.host.advance(kHeartbeat);
    EXPECT_EQ(fresh.host.metric_values["node_id_conflict"], 0);
    EXPECT_EQ(fresh.host.health.count("node_id"), 0u);
}

}  // namespace
}  // namespace session
