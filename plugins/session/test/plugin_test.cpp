// The plugin on fake hosts that share one store: one thread and a clock that stands, so every order of events
// is the test's.
#include <gtest/gtest.h>

#include "fake_cluster.hpp"
#include "session_plugin.hpp"

namespace session {
namespace {

using streamhost::bytes;
using streamhost::own_member;
using streamhost::testing::FakeConfig;
using streamhost::testing::FakeHost;
using testing::FakeCluster;

constexpr std::int64_t kHeartbeat = 10'000;
constexpr std::int64_t kTtl = 30'000;

struct Answer {
    int count = 0;
    sh_status status = SH_OK;
    std::uint64_t number = 0;
    std::uint64_t here = 0;
    std::string body;
    std::string detail;
};

class Node {
public:
    Node(FakeCluster& cluster, const std::string& name, std::int64_t heartbeat_ms = kHeartbeat) {
        cluster.attach(host, name);
        plugin = &host.create<SessionPlugin>();
        FakeConfig config;
        config.set("heartbeat_ms", heartbeat_ms).set("ttl_ms", 3 * heartbeat_ms);
        EXPECT_EQ(host.configure(config), SH_OK) << host.error.text;
        EXPECT_EQ(host.start(), SH_OK) << host.error.text;
        table = host.provided<sh_session>(SH_SVC_SESSION, &self);
        host.run();
    }
    sh_ticket ticket(Answer& answer) {
        return host.ticket([&answer](const sh_result& result) {
            ++answer.count;
            answer.status = result.status;
            answer.number = result.count;
            answer.here = result.last;
            answer.detail = result.detail;
            if (result.body != nullptr) answer.body.assign(result.body->data, result.body->size);
        });
    }
    void post_join(Answer& answer, sh_connection id, const std::string& session, const std::string& user) {
        const sh_session_join join{sizeof(join), 0, id, bytes(session), bytes(user), bytes("web/1")};
        table->join(self, &join, ticket(answer));
    }
    Answer join(sh_connection id, const std::string& session, const std::string& user = "ann") {
        Answer answer;
        post_join(answer, id, session, user);
        host.run();
        EXPECT_EQ(answer.count, 1);
        return answer;
    }
    Answer check_owner(const std::string& session, const std::string& user) {
        Answer answer;
        table->check_owner(self, bytes(session), bytes(user), ticket(answer));
        host.run();
        EXPECT_EQ(answer.count, 1);
        return answer;
    }
    Answer list(const std::string& user = "") {
        Answer answer;
        table->list(self, bytes(user), ticket(answer));
        host.run();
        EXPECT_EQ(answer.count, 1);
        return answer;
    }
    Answer kick(const std::string& session) {
        Answer answer;
        table->kick(self, bytes(session), ticket(answer));
        host.run();
        EXPECT_EQ(answer.count, 1);
        return answer;
    }
    void leave(sh_connection id) {
        table->leave(self, id);
        host.run();
    }

    FakeHost host;
    SessionPlugin* plugin = nullptr;
    const sh_session* table = nullptr;
    void* self = nullptr;
};

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
    EXPECT_TRUE(is_word(first, 64));
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

TEST(SessionPlugin, WithoutTheStoreAJoinHearsUnavailable) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    cluster.is_away = true;
    EXPECT_EQ(node.join(1, "s").status, SH_UNAVAILABLE);
    EXPECT_EQ(node.list().status, SH_UNAVAILABLE);
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
    EXPECT_EQ(one.list("nobody").body, "[]");
}

TEST(SessionPlugin, AKickReachesEveryNodeOnce) {
    FakeCluster cluster;
    Node one(cluster, "n1");
    Node two(cluster, "n2");
    (void)one.join(1, "s");
    (void)one.join(2, "other");
    (void)two.join(3, "s");
    (void)two.join(4, "s");
    const Answer answer = one.kick("s");
    two.host.run();
    EXPECT_EQ(answer.status, SH_OK);
    EXPECT_EQ(answer.number, 1u) << "on this node";
    EXPECT_EQ(answer.detail, "");
    EXPECT_EQ(cluster.closed,
              (std::vector<std::pair<sh_connection, std::uint32_t>>{{1, 4403}, {3, 4403}, {4, 4403}}));
    EXPECT_EQ(one.kick("unknown").number, 0u);
}

TEST(SessionPlugin, WithoutTopicsAKickReachesThisNodeAndSaysSo) {
    FakeCluster cluster;
    Node node(cluster, "n1");
    node.host.withdraw(SH_SVC_PUBSUB);
    (void)node.join(1, "s");
    const Answer answer = node.kick("s");
    EXPECT_EQ(answer.status, SH_OK);
    EXPECT_EQ(answer.number, 1u);
    EXPECT_NE(answer.detail, "");
    node.host.advance(kHeartbeat);
    EXPECT_EQ(node.host.health["kick"], static_cast<std::uint32_t>(SH_HEALTH_DEGRADED));
    cluster.attach(node.host, "n1");
    node.host.advance(kHeartbeat);
    EXPECT_EQ(node.host.health["kick"], static_cast<std::uint32_t>(SH_HEALTH_OK));
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
    one.host.advance(5 * kHeartbeat);  // n2 stands still, for longer than a lease
    EXPECT_EQ(one.list().body.find("n2"), std::string::npos) << "it does not count now";
    EXPECT_EQ(cluster.sessions.size(), 2u);
    one.host.advance(2 * kHeartbeat);
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
