// The client over a real server: how it begins, what it says of a server that is not the right one, its
// bounds and its end.
#include "redis/client/client.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <latch>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "support/client_fixture.hpp"
#include "support/fake_server.hpp"

namespace streamhost::redis {
namespace {

class ClientTest : public ClientFixture {};

TEST_F(ClientTest, ConnectsPreparesAndAnswers) {
    RedisProcess server;
    ClientOptions options = at(server.port());
    options.server.database = 3;
    options.client_name = "node-7";
    ClientRig rig(loop_, options, {command_of({"SET", "prepared", "yes"})});
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_EQ(rig.call({"GET", "prepared"}), "yes");
    EXPECT_EQ(rig.call({"SET", "a", "1"}), "OK");
    EXPECT_EQ(rig.call({"LPOP", "a"}).substr(0, 9), "WRONGTYPE") << "an error about the command goes up";
    EXPECT_EQ(rig.call({"EVALSHA", std::string(40, '0'), "0"}).substr(0, 8), "NOSCRIPT");
    EXPECT_EQ(server.ask({"GET", "a"}), "") << "another database";
    EXPECT_NE(server.ask({"CLIENT", "LIST"}).find("name=node-7"), std::string::npos);
    ASSERT_TRUE(rig.await([&] { return rig.stats().ready == 4 && rig.stats().calls == 4; }));
    const ClientStats stats = rig.stats();
    EXPECT_TRUE(stats.is_up);
    EXPECT_EQ(stats.breaker, BreakerState::kClosed);
    EXPECT_EQ(stats.run_id.size(), 40U);
    EXPECT_EQ(stats.replid.size(), 40U);
    EXPECT_EQ(stats.calls, 4U);
    EXPECT_EQ(stats.master, "127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(rig.told("connected to"), 1U);
}

TEST_F(ClientTest, KnowsTheMemoryOfTheServer) {
    RedisProcess server({"maxmemory 64mb"});
    ClientRig rig(loop_, at(server.port()));
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    ASSERT_TRUE(rig.await([&] { return rig.stats().memory_used_bytes > 0; }));
    EXPECT_EQ(rig.stats().memory_max_bytes, std::uint64_t{64} << 20);
    EXPECT_LT(rig.stats().memory_used_bytes, rig.stats().memory_max_bytes);
    EXPECT_EQ(rig.stats().replicas, 0U);
}

TEST_F(ClientTest, CallsOfOneRoundLeaveTogetherAndComeBackInOrder) {
    RedisProcess server;
    ClientRig rig(loop_, at(server.port()));
    ASSERT_TRUE(rig.await_up());
    for (int number = 1; number <= 5'000; ++number)
        ASSERT_TRUE(count(rig, number));
    EXPECT_EQ(rig.client().in_flight(), 5'000U);
    ASSERT_TRUE(rig.await([&] { return answered() == 5'000; }));
    EXPECT_EQ(std::count(answers_.begin(), answers_.end(), "new"), 5'000);
    expect_counted(server);
}

TEST_F(ClientTest, AuthenticatesWithAPasswordOrAsAUser) {
    RedisProcess server({"requirepass first", "user app on >second ~* &* +@all"});
    ClientOptions options = at(server.port());
    options.server.password = "first";
    {
        ClientRig rig(loop_, options);
        ASSERT_TRUE(rig.await_up()) << rig.all_reports();
        EXPECT_EQ(rig.call({"ACL", "WHOAMI"}), "default");
    }
    options.server.username = "app";
    options.server.password = "second";
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_EQ(rig.call({"ACL", "WHOAMI"}), "app");
}

TEST_F(ClientTest, AWrongPasswordIsToldOnceAndTriedAgain) {
    RedisProcess server({"requirepass right"});
    ClientOptions options = at(server.port());
    options.server.password = "wrong";
    ClientRig rig(loop_, options);
    const auto refusals = [&] {
        const std::string stats = server.ask({"INFO", "stats"});
        return std::atoi(stats.c_str() + stats.find("total_connections_received:") + 27);
    };
    const int before = refusals();
    ASSERT_TRUE(rig.await([&] { return refusals() > before + 25; })) << "five per round: five rounds";
    EXPECT_EQ(rig.told("refused the user or the password"), 1U) << rig.all_reports();
    EXPECT_EQ(rig.call({"GET", "a"}, 300), "<unavailable>");
    EXPECT_NE(rig.stats().trouble.find("refused the user or the password"), std::string::npos);
    (void)server.ask({"CONFIG", "SET", "requirepass", "wrong"});
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_EQ(rig.stats().trouble, "");
}

TEST_F(ClientTest, AWrongDatabaseHasItsOwnMessage) {
    RedisProcess server({"databases 4"});
    ClientOptions options = at(server.port());
    options.server.database = 9;
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await([&] { return rig.told("refused the database") > 0; }));
    rig.turn(300);
    EXPECT_EQ(rig.told("refused the database"), 1U);
}

TEST_F(ClientTest, AnOldServerHasItsOwnMessage) {
    FakeServer server(loop_.loop, [](const auto&) { return FakeServer::hello("6.0.16"); });
    ClientRig rig(loop_, at(server.port()));
    ASSERT_TRUE(rig.await([&] { return rig.told("too old") > 0; }));
    EXPECT_NE(rig.all_reports().find("6.0.16"), std::string::npos);
}

TEST_F(ClientTest, AReplicaGivenAsTheMasterHasItsOwnMessage) {
    RedisProcess master;
    RedisProcess replica({"replicaof 127.0.0.1 " + std::to_string(master.port())});
    ClientRig rig(loop_, at(replica.port()));
    ASSERT_TRUE(rig.await([&] { return rig.told("is a replica, not the master") > 0; }));
    rig.turn(300);
    EXPECT_EQ(rig.told("is a replica, not the master"), 1U) << rig.all_reports();
    EXPECT_FALSE(rig.is_up_);
}

TEST_F(ClientTest, AnUnknownNameHasItsOwnMessage) {
    ClientOptions options = at(6379);
    options.address.host = "nowhere.example";
    options.lookup = [](const Address&) { return Endpoints(); };
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await([&] { return rig.stats().breaker != BreakerState::kClosed; }));
    EXPECT_EQ(rig.told("the name 'nowhere.example' is unknown"), 1U) << rig.all_reports();
}

TEST_F(ClientTest, BoundsAreKeptAndCloseAnswersEverything) {
    RedisProcess server;
    ClientOptions options = at(server.port());
    options.connections = 1;
    options.calls.max_calls = 10;
    options.subscriptions.max_names = 2;
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up());
    server.signal(SIGSTOP);
    for (int call = 0; call < 10; ++call)
        ASSERT_TRUE(rig.post({"GET", "a"}, answers_.emplace_back(), 10'000));
    std::string none;
    EXPECT_FALSE(rig.post({"GET", "a"}, none, 10'000));
    const auto ignore = [](const CallReply&) {};
    EXPECT_EQ(rig.client().listen(ListenTo::kChannel, "a", 9'000, ignore), store::Submit::kAccepted);
    EXPECT_EQ(rig.client().listen(ListenTo::kChannel, "b", 9'000, ignore), store::Submit::kAccepted);
    EXPECT_EQ(rig.client().listen(ListenTo::kChannel, "c", 9'000, ignore), store::Submit::kBusy);
    EXPECT_EQ(rig.client().in_flight(), 12U);
    rig.turn(50);
    rig.client().close();
    EXPECT_EQ(std::count(answers_.begin(), answers_.end(), "<closed>"), 10);
    EXPECT_EQ(rig.client().in_flight(), 0U);
    EXPECT_EQ(rig.client().call("o", "x", 1, ignore), store::Submit::kGone);
    EXPECT_EQ(rig.client().listen(ListenTo::kChannel, "c", 1, ignore), store::Submit::kGone);
    server.signal(SIGCONT);
}

TEST_F(ClientTest, MayBeClosedFromInsideAnAnswer) {
    RedisProcess server;
    ClientRig rig(loop_, at(server.port()));
    ASSERT_TRUE(rig.await_up());
    std::string behind;
    bool is_closed = false;
    ASSERT_EQ(rig.client().call("order", command_of({"PING"}), 5'000,
                                [&](const CallReply&) {
                                    rig.client().close();
                                    is_closed = true;
                                }),
              store::Submit::kAccepted);
    ASSERT_TRUE(rig.post({"PING"}, behind, 5'000));
    ASSERT_TRUE(rig.await([&] { return is_closed; }));
    EXPECT_EQ(behind, "<closed>");
    rig.turn(50);
}

TEST_F(ClientTest, ANameThatIsFoundAfterTheEndConnectsNobody) {
    FakeServer sentinel(loop_.loop, [](const auto&) { return std::string(); });
    // Shared: the thread may still look at it when the test has ended.
    const auto may_answer = std::make_shared<std::latch>(1);
    const auto is_asked = std::make_shared<std::atomic<bool>>(false);
    ClientOptions options;
    options.sentinel.emplace().addresses = {{"sentinel.example", sentinel.port()}};
    options.lookup = [may_answer, is_asked](const Address& address) {
        *is_asked = true;
        may_answer->wait();
        return numeric_endpoints({"127.0.0.1", address.port});
    };
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await([&] { return is_asked->load(); }));
    rig.client().close();
    may_answer->count_down();
    EXPECT_FALSE(rig.await([&] { return sentinel.accepted() > 0; }, 200));
}

}  // namespace
}  // namespace streamhost::redis
