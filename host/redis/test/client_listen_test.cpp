// Subscriptions over real servers that are killed and stopped.
#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "redis/client/client.hpp"
#include "support/client_fixture.hpp"

namespace streamhost::redis {
namespace {

class ClientListenTest : public ClientFixture {};

TEST_F(ClientListenTest, SubscriptionsOutliveTheServer) {
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

TEST_F(ClientListenTest, AListenerWhoseServerHangsIsToldInTime) {
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

TEST_F(ClientListenTest, AForbiddenChannelIsToldAndHangsNobody) {
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

}  // namespace
}  // namespace streamhost::redis
