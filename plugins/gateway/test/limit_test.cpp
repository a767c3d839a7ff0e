// What is asked too often.
#include "fixture.hpp"

namespace gateway {
namespace {

using gateway::testing::GatewayPlugin;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GatewayLimits : public GatewayPlugin {
protected:
    GatewayLimits() { services.offer_ratelimit(); }
    static std::string of(int verb, const std::string& rest) { return std::to_string(verb) + " " + rest; }
};

TEST_F(GatewayLimits, EachRequestIsCountedAsWhatItIs) {
    const sh_connection client = join();
    say(client, R"({"type":"send","id":2,"content":"x"})");
    say(client,
        R"({"type":"append","id":3,"stream":"trip.log","entries":[{"kind":"part"},{"kind":"part"}]})");
    say(client, R"({"type":"history","id":4})");
    services.let_time_out();  // or the socket would not be read
    say(client, R"({"type":"ping"})");
    say(client, R"({"type":"unsubscribe","id":5,"stream":"trip.log"})");
    host.withdraw(SH_SVC_STREAMCACHE);  // who answers does not matter
    say(client, R"({"type":"renew","id":6,"stream":"trip.log","fence":1})");
    EXPECT_THAT(services.taken,
                ElementsAre(of(SH_RATE_CONNECT, "127.0.0.1   1"), of(SH_RATE_HELLO, "127.0.0.1   1"),
                            of(SH_RATE_SEND, "127.0.0.1 anonymous trip 1"),
                            of(SH_RATE_PRODUCE, "127.0.0.1 anonymous trip 2"),
                            of(SH_RATE_READ, "127.0.0.1 anonymous trip 1"),
                            of(SH_RATE_READ, "127.0.0.1 anonymous trip 1"),
                            of(SH_RATE_READ, "127.0.0.1 anonymous trip 1"),
                            of(SH_RATE_PRODUCE, "127.0.0.1 anonymous trip 1")));
}

TEST_F(GatewayLimits, WhatIsPutAsideIsCountedOnce) {
    const sh_connection client = join();
    say(client, R"({"type":"append","id":2,"stream":"feed","entries":[{"kind":"part"}]})");
    services.answer(services.take("check_owner"), SH_OK);
    EXPECT_EQ(services.count("publish"), 1u);
    EXPECT_EQ(services.taken.size(), 3u) << "connect, hello, append";
    EXPECT_EQ(peer(client).close_code, 0u);
}

TEST_F(GatewayLimits, WhoAsksTooOftenIsToldWhenToTryAgain) {
    const sh_connection client = join();
    services.wait_ms = 750;
    say(client, R"({"type":"send","id":2,"content":"x"})");
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":2,"code":"rate_limited")"));
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("retryable":true,"retry_after_ms":750)"));
    EXPECT_EQ(services.count("send"), 0u);
    services.wait_ms = 0;
    say(client, R"({"type":"send","id":3,"content":"x"})");
    EXPECT_EQ(services.count("send"), 1u);
    EXPECT_EQ(peer(client).close_code, 0u);
}

TEST_F(GatewayLimits, WhoDoesNotListenIsClosed) {
    const sh_connection client = join();
    services.wait_ms = 750;
    for (int number = 0; number < 99; ++number)
        say(client, R"({"type":"history","id":2})");
    EXPECT_EQ(peer(client).close_code, 0u);
    say(client, R"({"type":"history","id":2})");
    EXPECT_EQ(peer(client).close_code, 4429u);
}

TEST_F(GatewayLimits, AGoodMessageInBetweenIsNoExcuse) {
    const sh_connection client = join();
    for (int number = 0; number < 99; ++number) {
        services.wait_ms = 750;
        say(client, R"({"type":"history","id":2})");
        services.wait_ms = 0;
        say(client, R"({"type":"ping","id":3})");
    }
    EXPECT_EQ(peer(client).close_code, 0u);
    say(client, "no json");
    EXPECT_EQ(peer(client).close_code, 4429u);
}

TEST_F(GatewayPlugin, WhoSendsWhatIsNoRequestIsClosedWithoutAnyLimits) {
    const sh_connection fresh = connect();
    const sh_connection open = join();
    for (const char* text :
         {"{", R"({"type":"nonsense","id":1})", R"({"type":"send","id":2,"content":"x"})"}) {
        for (int number = 0; number < 33; ++number)
            say(fresh, text);
    }
    EXPECT_EQ(peer(fresh).close_code, 0u);
    say(fresh, "{");
    EXPECT_EQ(peer(fresh).close_code, 4429u);
    for (int second = 0; second < 120; ++second) {
        say(open, "{");
        host.advance(1'000);
    }
    EXPECT_EQ(peer(open).close_code, 0u) << "now and then it may happen";
}

TEST_F(GatewayLimits, AnotherLimiterIsToldWhoIsThere) {
    const sh_connection client = join();
    services.inside.clear();
    services.limiter = 8;  // it was restarted and knows nobody
    const sh_connection late = connect();
    EXPECT_THAT(services.inside, ElementsAre("127.0.0.1/")) << "the new one alone";
    host.advance(500);
    EXPECT_THAT(services.inside, ElementsAre("127.0.0.1/", "127.0.0.1/"));
    host.advance(500);
    EXPECT_EQ(services.inside.size(), 2u);
    services.limiter = 9;
    services.inside = {"127.0.0.1/of another gateway"};
    services.enter_wait_ms = 1'000;  // it has no room for them
    host.advance(500);
    sockets.leave(client);
    sockets.leave(late);
    host.run();
    EXPECT_THAT(services.inside, ElementsAre("127.0.0.1/of another gateway", "127.0.0.1/", "127.0.0.1/"))
        << "what it did not count is not taken back";
}

TEST_F(GatewayLimits, ConnectionsAreCountedWhileTheyLast) {
    const sh_connection client = connect();
    EXPECT_THAT(services.inside, ElementsAre("127.0.0.1/"));
    sockets.leave(client);
    host.run();
    EXPECT_THAT(services.inside, IsEmpty());
}

TEST_F(GatewayLimits, OverItsConnectionsAnAddressIsSentAway) {
    services.enter_wait_ms = 1'000;
    EXPECT_EQ(peer(connect()).close_code, 4429u);
}

}  // namespace
}  // namespace gateway
