// The client over real servers that are killed, stopped, demoted and started again.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

#include <gtest/gtest.h>

#include "redis/client/client.hpp"
#include "support/client_fixture.hpp"
#include "support/loopback.hpp"

namespace streamhost::redis {
namespace {

class ClientOutageTest : public ClientFixture {};

TEST_F(ClientOutageTest, NobodyListeningOpensTheBreakerWithinASecond) {
    ClientOptions options = at(free_port());
    ClientRig rig(loop_, options);
    const std::int64_t start = rig.now();
    std::string waits;
    ASSERT_TRUE(rig.post({"GET", "a"}, waits, 10'000));
    ASSERT_TRUE(rig.await([&] { return rig.stats().breaker != BreakerState::kClosed; }, 3'000));
    std::cout << "[ figure ] nobody listens: breaker open after " << rig.now() - start << " ms\n";
    EXPECT_LT(rig.now() - start, 1'500);
    EXPECT_TRUE(rig.await([&] { return waits == "<unavailable>"; }, 100)) << "what waited is told at once";
    EXPECT_EQ(rig.call({"GET", "a"}), "<unavailable>");
    EXPECT_EQ(rig.told("Connection refused"), 1U) << rig.all_reports();
    EXPECT_TRUE(rig.await([&] { return rig.stats().unavailable == 2; }, 1'000)) << "what is refused counts";
    EXPECT_EQ(rig.stats().calls, 2U);
}

TEST_F(ClientOutageTest, CallsOutliveAServerThatIsKilledAndStartedAgain) {
    RedisProcess server;
    ClientRig rig(loop_, patient(server.port()));
    ASSERT_TRUE(rig.await_up());
    int number = 0;
    const auto feed = [&] {  // a stream of calls, twenty at a time
        while (static_cast<std::ptrdiff_t>(number) < answered() + 20)
            (void)count(rig, ++number);
    };
    for (int restart = 0; restart < 3; ++restart) {
        const auto until = answered() + 200;
        ASSERT_TRUE(rig.await([&] { return feed(), answered() >= until; })) << rig.all_reports();
        server.signal(SIGSTOP);  // so that it dies with calls in its hands
        feed();
        rig.turn(30);
        server.kill();
        rig.turn(30);
        feed();
        server.start();
    }
    const auto until = answered() + 200;
    ASSERT_TRUE(rig.await([&] { return feed(), answered() >= until; })) << rig.all_reports();
    ASSERT_TRUE(rig.await([&] { return answered() == number; }));
    expect_counted(server);
    rig.turn(50);
    EXPECT_GE(rig.stats().repeats, 3U);
    EXPECT_EQ(rig.stats().replaced, 3U) << "each process has a run id of its own";
    EXPECT_EQ(rig.stats().switches, 0U) << "a restart is no failover";
}

TEST_F(ClientOutageTest, TheSameProcessWithAnotherHistoryOfDataIsAnotherServer) {
    RedisProcess server;
    RedisProcess other;
    ClientRig rig(loop_, patient(server.port()));
    ASSERT_TRUE(rig.await_up());
    ASSERT_EQ(rig.listen(ListenTo::kChannel, "news"), "ok");
    ASSERT_EQ(rig.call({"SET", "a", "1"}), "OK");
    const ClientStats before = rig.stats();
    const std::uint64_t epoch = rig.epochs_.back();
    // For a moment it copies another one; nobody writes meanwhile, and no connection is lost by it.
    ASSERT_EQ(server.ask({"REPLICAOF", "127.0.0.1", std::to_string(other.port())}), "OK");
    ASSERT_TRUE(rig.await([&] {
        return server.ask({"INFO", "replication"}).find("master_link_status:up") != std::string::npos;
    }));
    ASSERT_EQ(server.ask({"REPLICAOF", "NO", "ONE"}), "OK");
    ASSERT_EQ(server.ask({"CLIENT", "KILL", "TYPE", "pubsub"}), "1");
    ASSERT_TRUE(rig.await([&] { return rig.stats().replaced == 1 && rig.is_up_; })) << rig.all_reports();
    EXPECT_EQ(rig.call({"GET", "a"}), "<null>");
    const ClientStats after = rig.stats();
    EXPECT_EQ(after.run_id, before.run_id);
    EXPECT_NE(after.replid, before.replid);
    EXPECT_GT(rig.epochs_.back(), epoch) << "whoever follows looks at everything again";
    EXPECT_EQ(rig.told("another server answers"), 1U) << rig.all_reports();
    EXPECT_GE(rig.told(after.replid), 1U) << rig.all_reports();
}

TEST_F(ClientOutageTest, AServerThatHangsOpensTheBreakerAndAnswersCloseIt) {
    RedisProcess server;
    ClientRig rig(loop_, at(server.port()));
    ASSERT_TRUE(rig.await_up());
    for (int number = 1; number <= 20; ++number)
        ASSERT_TRUE(count(rig, number));
    ASSERT_TRUE(rig.await([&] { return answered() == 20; }));
    server.signal(SIGSTOP);
    const std::int64_t stopped = rig.now();
    for (int number = 21; number <= 60; ++number)
        ASSERT_TRUE(count(rig, number));
    std::string expires;
    ASSERT_TRUE(rig.post({"PING"}, expires, 400));
    ASSERT_TRUE(rig.await([&] { return !expires.empty(); }));
    EXPECT_EQ(expires, "<timeout>") << "it was sent";
    EXPECT_TRUE(rig.is_up_) << "a call that is late ends no connection";
    ASSERT_TRUE(rig.await([&] { return rig.stats().breaker != BreakerState::kClosed; }));
    const std::int64_t opened = rig.now() - stopped;
    EXPECT_LT(opened, 3'500);
    EXPECT_GT(opened, 2'000);
    EXPECT_FALSE(rig.is_up_);
    EXPECT_EQ(rig.call({"PING"}), "<unavailable>");
    server.signal(SIGCONT);
    const std::int64_t continued = rig.now();
    ASSERT_TRUE(rig.await([&] { return rig.stats().breaker == BreakerState::kClosed; }));
    std::cout << "[ figure ] hung server: breaker open after " << opened << " ms, closed "
              << rig.now() - continued << " ms after it went on\n";
    EXPECT_LT(rig.now() - continued, 3'000);
    ASSERT_TRUE(rig.await([&] { return answered() == 60; })) << "the breaker ends nothing that was sent";
    expect_counted(server);
    // The connection that hung had calls in the server's hands; none of them runs after the first repeat.
    std::string all = server.ask({"LRANGE", "all", "0", "-1"});
    int steps_back = 0;
    int last = 0;
    for (std::size_t at = 0; at < all.size();
         at = all.find(' ', at) == std::string::npos ? all.size() : all.find(' ', at) + 1) {
        const int number = std::atoi(all.c_str() + at);
        steps_back += number <= last ? 1 : 0;
        last = number;
    }
    EXPECT_LE(steps_back, 1) << all;
    EXPECT_EQ(rig.stats().breaker_openings, 1U);
}

TEST_F(ClientOutageTest, SlowAnswersOpenNothing) {
    RedisProcess server({"enable-debug-command yes"});
    ClientRig rig(loop_, at(server.port()));
    ASSERT_TRUE(rig.await_up());
    ASSERT_TRUE(rig.await([&] { return rig.stats().ready == 4; }));
    EXPECT_EQ(rig.call({"DEBUG", "SLEEP", "0.8"}, 300), "<timeout>");
    EXPECT_EQ(rig.call({"PING"}), "PONG");
    rig.turn(50);
    EXPECT_EQ(rig.stats().breaker_openings, 0U);
    EXPECT_EQ(rig.stats().reconnects, 0U);
    EXPECT_EQ(rig.stats().timeouts, 1U);
}

TEST_F(ClientOutageTest, AMasterThatIsDemotedAndBackGetsItsCallsAgain) {
    RedisProcess server;
    RedisProcess other;
    ClientRig rig(loop_, patient(server.port()));
    ASSERT_TRUE(rig.await_up());
    (void)server.ask({"REPLICAOF", "127.0.0.1", std::to_string(other.port())});
    std::string answer;
    ASSERT_TRUE(rig.post({"SET", "a", "1"}, answer, 10'000));
    ASSERT_TRUE(rig.await([&] { return rig.told("is a replica") + rig.told("not the master") > 0; }))
        << rig.all_reports();
    EXPECT_EQ(answer, "") << "READONLY is not for the caller";
    EXPECT_FALSE(rig.is_up_);
    (void)server.ask({"REPLICAOF", "NO", "ONE"});
    ASSERT_TRUE(rig.await([&] { return !answer.empty(); }));
    EXPECT_EQ(answer, "OK");
    ASSERT_TRUE(rig.await_up());
}

}  // namespace
}  // namespace streamhost::redis
