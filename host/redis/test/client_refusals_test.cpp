// The client over servers that answer and refuse: what waits for them, and what goes up.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "redis/client/client.hpp"
#include "support/client_fixture.hpp"
#include "support/fake_server.hpp"

namespace streamhost::redis {
namespace {

class ClientRefusalsTest : public ClientFixture {};

TEST_F(ClientRefusalsTest, WaitsForReplicasAndSaysUnavailableInTheEnd) {
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
    EXPECT_TRUE(rig.stats().refusal.starts_with(
        "127.0.0.1:" + std::to_string(server.port()) +
        ": the server has too few replicas, writes wait for them (NOREPLICAS"));
    (void)server.ask({"CONFIG", "SET", "min-replicas-to-write", "0"});
    ASSERT_TRUE(rig.await([&] { return !answer.empty(); }));
    EXPECT_EQ(answer, "OK");
    EXPECT_EQ(rig.stats().reconnects, 0U);
    EXPECT_EQ(rig.told("too few replicas"), 1U) << "however often it was refused";
    ASSERT_TRUE(rig.await([&] { return rig.told("nothing for want of replicas") == 1; }))
        << rig.all_reports();
    EXPECT_TRUE(rig.await([&] { return rig.stats().refusal.empty(); }));
}

TEST_F(ClientRefusalsTest, WaitsForAScriptThatBlocksTheServer) {
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

// Whatever comes behind such a length is taken for a part of it, so that bytes come and no answer does.
TEST_F(ClientRefusalsTest, AnAnswerThatNeverBecomesWholeEndsItsConnection) {
    bool is_mad = true;
    FakeServer server(loop_.loop, [&](const std::vector<std::string>& words) -> std::string {
        if (words[0] == "HELLO") return FakeServer::hello("7.0.15");
        if (words[0] == "ROLE") return "*3\r\n+master\r\n:0\r\n*0\r\n";
        if (words[0] == "GET") return is_mad ? "*1000000\r\n" : "+well\r\n";
        return "+OK\r\n";
    });
    ClientOptions options = patient(server.port());
    options.connections = 1;
    options.whole_ms = 300;
    ClientRig rig(loop_, options);
    ASSERT_TRUE(rig.await_up());
    std::string answer;
    ASSERT_TRUE(rig.post({"GET", "a"}, answer, 10'000));
    const std::int64_t asked = rig.now();
    while (rig.told("never a whole one") == 0 && rig.now() < asked + 5'000) {
        server.push(">1\r\n+pong\r\n");
        rig.turn(20);
    }
    EXPECT_EQ(rig.told("never a whole one"), 1U) << rig.all_reports();
    EXPECT_GE(rig.now() - asked, 300);
    is_mad = false;
    ASSERT_TRUE(rig.await([&] { return !answer.empty(); }));
    EXPECT_EQ(answer, "well");
}

// What each refusal leads to, from a server that can be made to say all of them.
TEST_F(ClientRefusalsTest, RefusalsForNowAreRepeatedAndOthersGoUp) {
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
        FakeServer server(loop_.loop,
                          [&, error = error](const std::vector<std::string>& words) -> std::string {
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
        EXPECT_EQ(rig.told("cannot save its data"), word == "MISCONF" ? 1U : 0U);
    }
}

}  // namespace
}  // namespace streamhost::redis
