// What the store says of the sessions of several nodes, and what operators do with it.
#include <gtest/gtest.h>

#include "node.hpp"

namespace session {
namespace {

using streamhost::testing::FakeConfig;
using streamhost::testing::FakeHost;
using testing::Answer;
using testing::FakeCluster;
using testing::kHeartbeat;
using testing::kTtl;
using testing::Node;

TEST(SessionPlugin, ListsASessionOncePerNode) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    (void)one.join(1, "s", "ann");
    (void)one.join(2, "s", "ann");
    (void)two.join(3, "s", "ann");
    (void)two.join(4, "t", "bob");
    const Answer anns = one.list("ann");
    ASSERT_EQ(anns.status, SH_OK);
    const std::string since = std::to_string(one.host.now_ms() + 1'700'000'000'000);
    EXPECT_EQ(anns.body, R"([{"session":"s","user":"ann","node":"n1","connections":2,"since":)" + since +
                             R"(},{"session":"s","user":"ann","node":"n2","connections":1,"since":)" + since +
                             "}]");
    const Answer all = one.list();
    EXPECT_NE(all.body.find("\"user\":\"bob\""), std::string::npos);
    EXPECT_EQ(all.number, 3u);
    EXPECT_EQ(all.here, 1u);
    const Answer counted = one.count();
    EXPECT_EQ(counted.number, 3u);
    EXPECT_EQ(counted.here, 1u);
    EXPECT_EQ(counted.body, "");
    EXPECT_EQ(one.list("nobody").body, "[]");
    EXPECT_EQ(two.connections("s").number, 3u);
    EXPECT_EQ(two.connections("nobody").number, 0u);
}

TEST(SessionPlugin, LiveSessionsStayHoweverLong) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    (void)one.join(1, "s");
    (void)two.join(2, "t");
    for (int step = 0; step < 600; ++step) {
        one.host.advance(1'000);
        two.host.advance(1'000);
        ASSERT_EQ(cluster.sessions.size(), 2u) << "after " << step << " s";
        ASSERT_GT(cluster.sessions.at({"t", "n2"}).end_ms, one.host.now_ms());
    }
    EXPECT_EQ(one.host.metric_values["sessions_reaped_total"], 0);
    EXPECT_EQ(one.host.metric_values["sessions{scope=all}"], 2);
}

TEST(SessionPlugin, ADeadNodesSessionsAreTakenAwayAndComeBackWithIt) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    (void)one.join(1, "s");
    (void)two.join(2, "t");
    for (int step = 0; step < 12; ++step)
        one.host.advance(kHeartbeat);  // n2 stands still
    EXPECT_EQ(cluster.sessions.size(), 1u);
    EXPECT_EQ(one.list().body.find("n2"), std::string::npos);
    EXPECT_EQ(one.host.metric_values["sessions_reaped_total"], 1);
    two.host.advance(12 * kHeartbeat);  // woken: one heartbeat is due at once
    EXPECT_EQ(cluster.sessions.count({"t", "n2"}), 1u);
    EXPECT_EQ(cluster.sessions.count({"s", "n1"}), 1u) << "it judged nobody by its own sleep";
}

TEST(SessionPlugin, ANodeThatIsMerelyLateIsNotTakenForDead) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    (void)one.join(1, "s");
    (void)two.join(2, "t");
    one.host.advance(4 * kHeartbeat);
    two.host.advance(4 * kHeartbeat);
    one.host.advance(3 * kHeartbeat);  // n2 stands still, for a lease
    EXPECT_EQ(one.list().body.find("n2"), std::string::npos) << "it does not count now";
    EXPECT_EQ(cluster.sessions.size(), 2u);
    one.host.advance(kHeartbeat);
    EXPECT_EQ(cluster.sessions.size(), 1u);
}

TEST(SessionPlugin, AnOutageOfTheStoreCostsNobody) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    (void)one.join(1, "s");
    (void)two.join(2, "t");
    const auto both = [&](std::int64_t ms) {
        for (std::int64_t passed = 0; passed < ms; passed += 1'000) {
            one.host.advance(1'000);
            two.host.advance(1'000);
        }
    };
    both(60'000);
    cluster.is_away = true;
    both(5 * kTtl);
    EXPECT_EQ(one.host.health["registry"], static_cast<std::uint32_t>(SH_HEALTH_DEGRADED));
    cluster.is_away = false;
    both(kHeartbeat);
    EXPECT_EQ(one.host.health["registry"], static_cast<std::uint32_t>(SH_HEALTH_OK));
    both(5 * kTtl);
    EXPECT_EQ(cluster.sessions.size(), 2u);
    EXPECT_EQ(one.host.metric_values["sessions_reaped_total"], 0);
    EXPECT_EQ(two.host.metric_values["sessions_reaped_total"], 0);
    EXPECT_TRUE(cluster.closed.empty());
}

TEST(SessionPlugin, ADrainTakesTheNodeOutOfTheRegistry) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    (void)node.join(1, "s");
    (void)node.join(2, "t");
    EXPECT_GT(node.plugin->drain(5'000).left, 0u) << "it has not begun";
    node.host.run();
    EXPECT_EQ(node.plugin->drain(5'000).left, 0u);
    EXPECT_TRUE(cluster.sessions.empty());
    EXPECT_TRUE(cluster.nodes.empty());
    EXPECT_EQ(node.join(3, "u").status, SH_UNAVAILABLE);
    node.host.advance(10 * kHeartbeat);
    EXPECT_TRUE(cluster.nodes.empty());
    EXPECT_EQ(cluster.keys.at("owner:s").value, "ann") << "who owns outlives the node";
}

TEST(SessionPlugin, ALeaseThatOneLateHeartbeatWouldEndIsRefused) {
    FakeCluster cluster;
    FakeHost host;
    cluster.attach(host, "n1");
    host.create<SessionPlugin>();
    FakeConfig config;
    config.set("heartbeat_ms", std::int64_t{10'000}).set("ttl_ms", std::int64_t{19'999});
    EXPECT_EQ(host.configure(config), SH_INVALID);
    EXPECT_NE(std::string(host.error.text).find("plugins.session.ttl_ms"), std::string::npos);
}

}  // namespace
}  // namespace session
