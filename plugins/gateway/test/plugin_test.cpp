// What an open connection may ask, and what it is told.
#include "allowed_homes.hpp"
#include "fixture.hpp"

namespace gateway {
namespace {

using gateway::testing::Call;
using gateway::testing::GatewayPlugin;
using gateway::testing::kJoined;
using gateway::testing::kPendingLimit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(GatewayPlugin, WithoutOtherServicesOnlyTheirRequestsFail) {
    const sh_connection client = join();
    host.withdraw(SH_SVC_CHAT);
    const std::size_t before = peer(client).events.size();
    say(client, R"({"type":"send","id":2,"content":"x"})");
    EXPECT_THAT(events_from(client, before),
                ElementsAre("hold", HasSubstr(R"("id":2,"code":"unavailable")"), "release"));
    host.withdraw(SH_SVC_STREAMCACHE);
    say(client, R"({"type":"history","id":3})");
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":3,"code":"unavailable")"));
    EXPECT_EQ(peer(client).close_code, 0u);
}

TEST_F(GatewayPlugin, HoldsStreamsBackUntilTheRunIsKnown) {
    const sh_connection client = join();
    const std::size_t before = peer(client).events.size();
    say(client, R"({"type":"send","id":2,"content":"Two sights"})");
    const Call send = services.take("send");
    EXPECT_EQ(send.subject, "trip");
    EXPECT_EQ(send.text, R"("Two sights")");
    EXPECT_EQ(peer(client).held, 1);
    services.answer(send, SH_OK, R"({"message":"m-1","run":"trip.r1","stream":"trip.r1"})",
                    SH_RESULT_DUPLICATE);
    EXPECT_THAT(
        events_from(client, before),
        ElementsAre("hold", StartsWith(R"(send {"type":"accepted","id":2,"session":"trip")"), "release"));
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("duplicate":true)"));
}

TEST_F(GatewayPlugin, AFailedSendReleasesTheStreamsToo) {
    const sh_connection client = join();
    say(client, R"({"type":"send","id":2,"content":"x"})");
    services.answer(services.take("send"), SH_CONFLICT);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":2,"code":"conflict")"));
    EXPECT_EQ(peer(client).held, 0);
}

TEST_F(GatewayPlugin, DoesNotReadWhileTooMuchIsUnderWay) {
    const sh_connection client = join();
    for (int number = 0; number < kPendingLimit + 2; ++number)
        sockets.say(client, R"({"type":"append","id":2,"stream":"trip.log","entries":[{"kind":"part"}]})");
    host.run();
    EXPECT_EQ(services.count("publish"), static_cast<std::size_t>(kPendingLimit));
    EXPECT_EQ(peer(client).unread, 2u);
    EXPECT_EQ(host.drain(0), static_cast<std::uint32_t>(kPendingLimit));
    EXPECT_THAT(std::string(host.error.text), HasSubstr("3 requests"));
    services.answer(services.take("publish"), SH_OK);
    EXPECT_EQ(services.count("publish"), static_cast<std::size_t>(kPendingLimit));
    EXPECT_EQ(peer(client).unread, 1u);
    while (services.count("publish") > 0)
        services.answer(services.take("publish"), SH_OK);
    EXPECT_EQ(peer(client).unread, 0u);
    EXPECT_EQ(peer(client).paused, 0);
    EXPECT_EQ(peer(client).frames.size(), 1u + kPendingLimit + 2);
}

TEST_F(GatewayPlugin, PutsAMessageAsideUntilTheOwnerOfItsStreamIsKnown) {
    const sh_connection client = join();
    sockets.say(client, R"({"type":"subscribe","id":2,"stream":"other.r1","from":"start"})");
    sockets.say(client, R"({"type":"ping","id":3})");
    host.run();
    const Call owner = services.take("look_owner");
    EXPECT_EQ(owner.subject, "other");
    EXPECT_EQ(owner.user, "anonymous");
    EXPECT_EQ(services.count("subscribe"), 0u);
    EXPECT_EQ(peer(client).unread, 1u);  // later messages wait behind it
    services.answer(owner, SH_OK);
    const Call subscribe = services.take("subscribe");
    EXPECT_EQ(subscribe.subject, "other.r1");
    EXPECT_EQ(subscribe.text, "2");
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("pong","id":3)"));
    // The next of that home needs no question.
    say(client, R"({"type":"cancel","id":4,"run":"other.r2","reason":"enough"})");
    EXPECT_EQ(services.count("look_owner"), 0u);
    EXPECT_EQ(services.take("cancel").text, "enough");
}

TEST_F(GatewayPlugin, AsksAgainWhoseAStreamIsAfterAMinute) {
    const sh_connection client = join();
    constexpr const char* kAppend =
        R"({"type":"append","id":2,"stream":"other.r1","entries":[{"kind":"part"}]})";
    say(client, kAppend);
    services.answer(services.take("check_owner"), SH_OK);
    services.answer(services.take("publish"), SH_OK);
    host.advance(AllowedHomes::kMs - 1);
    say(client, kAppend);
    EXPECT_EQ(services.count("check_owner"), 0u);
    services.answer(services.take("publish"), SH_OK);
    host.advance(1);
    say(client, kAppend);
    EXPECT_EQ(services.count("publish"), 0u);
    services.answer(services.take("check_owner"), SH_FORBIDDEN);  // it is somebody's by now
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":2,"code":"forbidden")"));
    EXPECT_EQ(services.count("publish"), 0u);
}

TEST_F(GatewayPlugin, WhoMayLookHasNotAskedToWrite) {
    const sh_connection client = join();
    say(client, R"({"type":"subscribe","id":2,"stream":"other.r1"})");
    services.answer(services.take("look_owner"), SH_OK);
    say(client, R"({"type":"append","id":3,"stream":"other.r1","entries":[{"kind":"part"}]})");
    EXPECT_EQ(services.count("publish"), 0u);
    services.answer(services.take("check_owner"), SH_OK);
    EXPECT_EQ(services.count("publish"), 1u);
}

TEST_F(GatewayPlugin, DropsTheMessageForAStreamOfSomebodyElse) {
    const sh_connection client = join();
    say(client, R"({"type":"subscribe","id":2,"stream":"other.r1"})");
    services.answer(services.take("look_owner"), SH_FORBIDDEN);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":2,"code":"forbidden")"));
    EXPECT_EQ(services.count("subscribe"), 0u);
    EXPECT_EQ(peer(client).paused, 0);
    // Nothing was learned: it is asked again.
    say(client, R"({"type":"subscribe","id":3,"stream":"other.r1"})");
    EXPECT_EQ(services.count("look_owner"), 1u);
}

TEST_F(GatewayPlugin, ServesItsClientsUntilTheyAreSentAway) {
    const sh_connection client = join();
    host.phase = SH_NODE_DRAINING;
    say(client, R"({"type":"send","id":2,"content":"hello"})");
    EXPECT_EQ(services.count("send"), 1u) << "whether the answer can still be made, chat knows";
    services.answer(services.take("send"), SH_OK, R"({"message":"m-1","run":"trip.r1","stream":"trip.r1"})");
    EXPECT_THAT(peer(client).frames.back(), StartsWith(R"({"type":"accepted","id":2)"));
    EXPECT_EQ(peer(client).held, 0);
    say(client, R"({"type":"cancel","id":4,"run":"trip.r1"})");
    EXPECT_EQ(services.count("cancel"), 1u);
}

TEST_F(GatewayPlugin, SaysGoawayWhenTheNodeDrains) {
    const sh_connection client = join();
    sockets.drain(client, 1'234);
    EXPECT_THAT(peer(client).frames.back(), StartsWith(R"({"type":"goaway")"));
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("reconnect_after_ms":1234)"));
    EXPECT_EQ(peer(client).close_code, 0u);  // closing is the host's
}

TEST_F(GatewayPlugin, AnswersOfClientsThatLeftGoNowhere) {
    const sh_connection opening = greet();
    const Call join_call = services.take("join");
    const sh_connection sending = join();
    say(sending, R"({"type":"send","id":2,"content":"x"})");
    const Call send = services.take("send");
    const sh_connection asking = join();
    say(asking, R"({"type":"subscribe","id":2,"stream":"other.r1"})");
    const Call owner = services.take("look_owner");
    EXPECT_EQ(host.drain(0), 3u);
    for (const sh_connection client : {opening, sending, asking})
        sockets.leave(client);
    host.run();
    services.answer(join_call, SH_OK, kJoined);
    services.answer(send, SH_OK, R"({"message":"m-1","run":"trip.r1","stream":"trip.r1"})");
    services.answer(owner, SH_OK);
    EXPECT_EQ(services.count("subscribe"), 0u);
    EXPECT_EQ(host.drain(0), 0u);
    EXPECT_EQ(peer(sending).frames.size(), 1u);
    // Also the one whose join was answered only after it left: nobody is counted in the session for ever.
    EXPECT_THAT(services.left, ElementsAre(opening, sending, asking));
}

TEST_F(GatewayPlugin, HistoryHasOneDeadlineForAllItsReads) {
    const sh_connection client = join();
    say(client, R"({"type":"history","id":2})");
    services.answer_tail(services.take("tail"), 1, 4'000);
    std::uint64_t end = 4'000;
    int reads = 0;
    for (; services.count("read") > 0; ++reads) {
        host.advance(1'000);  // the store is slow, and never so slow that one read fails
        const Call read = services.take("read");
        EXPECT_EQ(read.seq + read.from - 1, end);
        end = read.seq - 1;
        services.answer_read(read, {});
    }
    EXPECT_EQ(reads, 5);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":2,"code":"unavailable")"));
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("retryable":true)"));
}

TEST_F(GatewayPlugin, AHistoryReadThatTimesOutIsUnavailable) {
    const sh_connection client = join();
    say(client, R"({"type":"history","id":2})");
    services.answer_tail(services.take("tail"), 1, 10);
    services.answer(services.take("read"), SH_TIMEOUT);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":2,"code":"unavailable")"));
    say(client, R"({"type":"history","id":3})");
    services.answer(services.take("tail"), SH_TIMEOUT);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":3,"code":"unavailable")"));
}

TEST_F(GatewayPlugin, RefusesASecondHelloAndBinary) {
    const sh_connection client = join();
    say(client, R"({"type":"hello","id":9,"session":"trip"})");
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":9,"code":"bad_request")"));
    EXPECT_EQ(services.count("join"), 0u);
    sockets.say(client, "\x01", true);
    host.run();
    EXPECT_EQ(peer(client).close_code, 4400u);
}

}  // namespace
}  // namespace gateway
