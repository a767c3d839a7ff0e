// The client over real servers that are killed, stopped, demoted and started again.
#include "redis/client/client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/client_rig.hpp"
#include "support/fake_server.hpp"
#include "support/redis_process.hpp"

namespace streamhost::redis {
namespace {

// Counts calls by their number, so that a lost, doubled or overtaking one shows.
constexpr std::string_view kCount =
    "local last = tonumber(redis.call('GET', KEYS[1]) or '0') local n = tonumber(ARGV[1]) "
    "redis.call('RPUSH', KEYS[2], n) "
    "if n == last + 1 then redis.call('SET', KEYS[1], n) return 'new' end "
    "if n <= last then return 'again' end return redis.error_reply('GAP after ' .. last)";

class ClientTest : public ::testing::Test {
protected:
    static ClientOptions at(std::uint16_t port) {
        ClientOptions options;
        options.address = {"127.0.0.1", port};
        return options;
    }
    // Failures are part of these tests; time alone opens the breaker.
    static ClientOptions patient(std::uint16_t port) {
        ClientOptions options = at(port);
        options.breaker.failures = 1'000'000;
        options.breaker.silence_ms = 60'000;
        return options;
    }
    bool count(ClientRig& rig, int number) {
        std::string& answer = answers_.emplace_back();
        return rig.post({"EVAL", kCount, "2", "last", "all", std::to_string(number)}, answer, 20'000);
    }
    [[nodiscard]] std::ptrdiff_t answered() const {
        return std::count_if(answers_.begin(), answers_.end(),
                             [](const auto& text) { return !text.empty(); });
    }
    // Every call was answered, none had its effect before one in front of it.
    void expect_counted(const RedisProcess& server) {
        for (std::size_t index = 0; index < answers_.size(); ++index)
            EXPECT_TRUE(answers_[index] == "new" || answers_[index] == "again")
                << "call " << index + 1 << ": " << answers_[index];
        EXPECT_EQ(server.ask({"GET", "last"}), std::to_string(answers_.size()));
    }

    TestLoop loop_;
    std::deque<std::string> answers_;
};

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
    ASSERT_TRUE(rig.await([&] { return rig.stats().ready == 4 && rig.stats().in_flight == 0; }));
    const ClientStats stats = rig.stats();
    EXPECT_TRUE(stats.is_up);
    EXPECT_EQ(stats.breaker, BreakerState::kClosed);
    EXPECT_EQ(stats.run_id.size(), 40U);
    EXPECT_EQ(stats.replid.size(), 40U);
    EXPECT_EQ(stats.calls, 4U);
    EXPECT_EQ(stats.master, "127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(rig.told("connected to"), 1U);
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
    (void)server.ask({"CONFIG", "SET", "requirepass", "wrong"});
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
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

TEST_F(ClientTest, NobodyListeningOpensTheBreakerWithinASecond) {
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

TEST_F(ClientTest, CallsOutliveAServerThatIsKilledAndStartedAgain) {
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
    EXPECT_GE(rig.stats().switches, 3U) << "each process has a run id of its own";
}

TEST_F(ClientTest, AServerThatHangsOpensTheBreakerAndAnswersCloseIt) {
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

TEST_F(ClientTest, SlowAnswersOpenNothing) {
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

TEST_F(ClientTest, AMasterThatIsDemotedAndBackGetsItsCallsAgain) {
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

TEST_F(ClientTest, WaitsForReplicasAndSaysUnavailableInTheEnd) {
    RedisProcess server({"min-replicas-to-write 1"});
    ClientOptions options = at(server.port());
    options.connections = 1;
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up());
    EXPECT_EQ(rig.call({"SET", "a", "1"}, 300), "<unavailable>");
    std::string answer;
    ASSERT_TRUE(rig.post({"SET", "a", "2"}, answer, 10'000));
    std::string read;
    ASSERT_TRUE(rig.post({"GET", "a"}, read, 5'000, "another order"));
    ASSERT_TRUE(rig.await([&] { return !read.empty(); }));
    EXPECT_EQ(read, "<null>") << "other orders get through meanwhile";
    EXPECT_EQ(answer, "");
    (void)server.ask({"CONFIG", "SET", "min-replicas-to-write", "0"});
    ASSERT_TRUE(rig.await([&] { return !answer.empty(); }));
    EXPECT_EQ(answer, "OK");
    EXPECT_EQ(rig.stats().reconnects, 0U);
    EXPECT_EQ(rig.told("too few replicas"), 1U) << "however often it was refused";
    ASSERT_TRUE(rig.await([&] { return rig.told("nothing for want of replicas") == 1; }))
        << rig.all_reports();
}

TEST_F(ClientTest, WaitsForAScriptThatBlocksTheServer) {
    RedisProcess server({"busy-reply-threshold 50"});
    ClientOptions options = at(server.port());
    options.answer_ms = 5'000;
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up());
    std::thread endless([&] { (void)server.ask({"EVAL", "while true do end", "0"}, 8'000); });
    const bool is_busy = rig.await(
        [&] {
            return server.ask({"GET", "a"}, 1'000).starts_with("BUSY");
        },
        5'000);
    std::string answer;
    const bool is_posted = rig.post({"SET", "a", "1"}, answer, 10'000);
    rig.turn(200);
    const std::string during = answer;
    (void)server.ask({"SCRIPT", "KILL"});
    endless.join();
    ASSERT_TRUE(is_busy && is_posted);
    EXPECT_EQ(during, "");
    ASSERT_TRUE(rig.await([&] { return !answer.empty(); }));
    EXPECT_EQ(answer, "OK");
}

// What each refusal leads to, from a server that can be made to say all of them.
TEST_F(ClientTest, RefusalsForNowAreRepeatedAndOthersGoUp) {
    std::vector<std::pair<std::string, std::string>> errors;
    for (const std::string word : {"LOADING", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "BUSY", "NOREPLICAS",
                                   "READONLY", "OOM", "NOSCRIPT", "WRONGTYPE", "NOPERM", "MISCONF"})
        errors.emplace_back(word, word + " says the server");
    const std::string of_script =
        "ERR Error running script (call to f_1): @user_script:7: @user_script: 7: -";
    for (const std::string word : {"NOREPLICAS", "READONLY", "OOM", "MISCONF"})
        errors.emplace_back(word, of_script + word + " says a server before 7.0");
    for (const auto& [word, error] : errors) {
        int gets = 0;
        FakeServer server(loop_.loop, [&](const std::vector<std::string>& words) -> std::string {
            if (words[0] == "HELLO") return FakeServer::hello("7.0.15");
            if (words[0] == "ROLE") return "*3\r\n+master\r\n:0\r\n*0\r\n";
            if (words[0] == "INFO") return "$0\r\n\r\n";
            if (words[0] == "GET") return ++gets < 3 ? "-" + error + "\r\n" : "+done\r\n";
            return "+PONG\r\n";
        });
        ClientRig rig(loop_, patient(server.port()));
        ASSERT_TRUE(rig.await_up()) << rig.all_reports();
        const bool goes_up = word == "OOM" || word == "NOSCRIPT" || word == "WRONGTYPE" || word == "NOPERM" ||
                             word == "MISCONF";
        EXPECT_EQ(rig.call({"GET", "a"}), goes_up ? error : "done");
        EXPECT_EQ(gets, goes_up ? 1 : 3) << error;
        EXPECT_EQ(rig.told("out of memory"), word == "OOM" ? 1U : 0U);
        EXPECT_EQ(rig.told("too few replicas"), word == "NOREPLICAS" ? 1U : 0U);
    }
}

TEST_F(ClientTest, SubscriptionsOutliveTheServer) {
    RedisProcess server;
    ClientRig rig(loop_, patient(server.port()));
    ASSERT_TRUE(rig.await_up());
    constexpr int kNames = 1'200;  // three commands
    int listening = 0;
    for (int name = 0; name < kNames; ++name) {
        ASSERT_EQ(rig.client().listen(
                      ListenTo::kChannel, "c" + std::to_string(name), 5'000,
                      [&](const CallReply& reply) { listening += reply.end == CallEnd::kReply ? 1 : 0; }),
                  store::Submit::kAccepted);
    }
    ASSERT_EQ(rig.listen(ListenTo::kPattern, "p?"), "ok");
    ASSERT_TRUE(rig.await([&] { return listening == kNames; }));
    EXPECT_EQ(server.ask({"PUBLISH", "c1199", "one"}), "1");
    EXPECT_EQ(server.ask({"PUBLISH", "px", "two"}), "1");
    ASSERT_TRUE(rig.await([&] { return rig.messages_.size() == 2; }));
    EXPECT_EQ(rig.messages_, (std::vector<std::string>{"|c1199|one", "p?|px|two"}));

    server.kill();
    ASSERT_TRUE(rig.await([&] { return !rig.is_up_; }));
    server.start();
    std::string at_up;
    rig.on_link_ = [&](store::Link link) {
        if (link == store::Link::kUp) at_up = server.ask({"PUBSUB", "NUMSUB", "c0", "c1199"});
    };
    ASSERT_TRUE(rig.await_up());
    EXPECT_EQ(at_up, "c0 1 c1199 1") << "all of them stood when it was told";
    EXPECT_EQ(rig.epochs_, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(server.ask({"PUBLISH", "c600", "three"}), "1");
    ASSERT_TRUE(rig.await([&] { return rig.messages_.size() == 3; }));
    EXPECT_EQ(rig.unlisten(ListenTo::kChannel, "c600"), "ok");
    EXPECT_EQ(server.ask({"PUBLISH", "c600", "nobody"}), "0");
    EXPECT_EQ(rig.client().subscriptions(), 1'200U);
}

TEST_F(ClientTest, AListenerWhoseServerHangsIsToldInTime) {
    RedisProcess server;
    ClientRig rig(loop_, patient(server.port()));
    ASSERT_TRUE(rig.await_up());
    ASSERT_EQ(rig.listen(ListenTo::kChannel, "c"), "ok");
    server.signal(SIGSTOP);
    const std::int64_t stopped = rig.now();
    ASSERT_TRUE(rig.await([&] { return !rig.is_up_; }));
    std::cout << "[ figure ] hung server, nobody asks: link down after " << rig.now() - stopped << " ms\n";
    EXPECT_LT(rig.now() - stopped, 3'000);
    EXPECT_EQ(rig.listen(ListenTo::kChannel, "d", 100), "<unavailable>");
    server.signal(SIGCONT);
    ASSERT_TRUE(rig.await_up());
    EXPECT_EQ(server.ask({"PUBSUB", "NUMSUB", "c", "d"}), "c 1 d 0");
}

TEST_F(ClientTest, AForbiddenChannelIsToldAndHangsNobody) {
    RedisProcess server({"user app on >secret ~* resetchannels &mine +@all"});
    ClientOptions options = patient(server.port());
    options.server.username = "app";
    options.server.password = "secret";
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up());
    EXPECT_EQ(rig.listen(ListenTo::kChannel, "others", 500).front(), '<');
    EXPECT_GE(rig.told("NOPERM"), 1U) << rig.all_reports();
    EXPECT_EQ(rig.listen(ListenTo::kChannel, "mine"), "ok") << "the others do not suffer for it";
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

TEST_F(ClientTest, AnUnknownNameHasItsOwnMessage) {
    ClientOptions options = at(6379);
    options.address.host = "nowhere.example";
    options.lookup = [](const Address&) { return Endpoints(); };
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await([&] { return rig.stats().breaker != BreakerState::kClosed; }));
    EXPECT_EQ(rig.told("the name 'nowhere.example' is unknown"), 1U) << rig.all_reports();
}

}  // namespace
}  // namespace streamhost::redis
