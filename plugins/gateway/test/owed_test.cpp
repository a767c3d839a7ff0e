// A store that is away: who is known is welcomed, and gets what was promised when the store is back.
#include "owed.hpp"

#include "fixture.hpp"

namespace gateway {
namespace {

using gateway::testing::Call;
using gateway::testing::GatewayPlugin;
using gateway::testing::kJoined;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kDegraded = R"("degraded":true)";

class GatewayOwed : public GatewayPlugin {
protected:
    // Its session is joined; the roll call of others, which time brings, is answered on the way.
    void join_answered(sh_connection client) {
        Call call = services.take("join");
        for (; call.connection != client; call = services.take("join"))
            services.answer(call, SH_CONFLICT);
        services.answer(call, SH_OK, kJoined);
    }
    // Welcomed while the store was away: every stream it named, and the session's, could not be had.
    sh_connection welcome(const std::string& more = "", sh_status status = SH_UNAVAILABLE) {
        store_is(false);
        const sh_connection client = greet(more);
        join_answered(client);
        while (services.count("subscribe") > 0)
            services.answer(services.take("subscribe"), status);
        return client;
    }
    void store_is_back() {
        store_is(true);
        host.advance(OwedLine::kAgainMs + 250);
    }
    // The registry is asked first whose the session is.
    void owner_is(sh_status status) {
        const Call call = services.take("check_owner");
        EXPECT_EQ(call.subject, "trip");
        EXPECT_EQ(call.user, "anonymous");
        services.answer(call, status);
    }
    [[nodiscard]] const std::string& last(sh_connection client) const { return peer(client).frames.back(); }
};

TEST_F(GatewayOwed, IsWelcomedAndGetsTheSessionWhenTheStoreIsBack) {
    for (const sh_status status : {SH_UNAVAILABLE, SH_TIMEOUT}) {
        const sh_connection client = welcome("", status);
        EXPECT_THAT(last(client), StartsWith(R"({"type":"welcome","id":1,"session":"trip")"));
        EXPECT_THAT(last(client), HasSubstr(kDegraded));
        EXPECT_THAT(events_from(client, 3), ElementsAre("release", "resume"));
        host.advance(60'000);
        EXPECT_EQ(services.count("check_owner"), 0u) << "nobody asks a store that is away";
        store_is_back();
        EXPECT_EQ(services.count("subscribe"), 0u) << "whose it is comes first";
        owner_is(SH_OK);
        const Call again = services.take("subscribe");
        EXPECT_EQ(again.subject, "trip");
        EXPECT_EQ(again.from, static_cast<std::uint32_t>(SH_FROM_SNAPSHOT));
        EXPECT_EQ(again.flags, static_cast<std::uint32_t>(SH_SUBSCRIBE_FOLLOW_RUNS));
        services.answer(again, SH_OK);
        host.advance(60'000);
        EXPECT_EQ(services.count("check_owner"), 0u) << "once";
        EXPECT_EQ(peer(client).frames.size(), 1u);
        EXPECT_TRUE(peer(client).is_open);
        sockets.leave(client);
        host.run();
    }
    EXPECT_EQ(host.metric_values.at("degraded_welcomes_total"), 2);
}

TEST_F(GatewayOwed, AStoreThatIsKnownToBeAwayIsNotWaitedFor) {
    store_is(false);
    const sh_connection client = greet();
    services.answer(services.take("join"), SH_OK, kJoined);
    EXPECT_THAT(last(client), HasSubstr(kDegraded));
    EXPECT_EQ(peer(client).held, 0);
    // It was asked all the same: there are sessions that are never stored.
    services.answer(services.take("subscribe"), SH_OK);
    store_is_back();
    EXPECT_EQ(services.count("check_owner"), 0u);
    EXPECT_EQ(peer(client).frames.size(), 1u);
}

TEST_F(GatewayOwed, AStoreWhoseSilenceIsNotNoticedYetMakesADegradedWelcomeToo) {
    const sh_connection client = greet(R"(,"resume":[{"stream":"trip.r1","after":"0"}])");
    services.answer(services.take("join"), SH_OK, kJoined);
    services.answer(services.take("subscribe"), SH_TIMEOUT);
    EXPECT_THAT(peer(client).frames, ::testing::IsEmpty()) << "nor is it known what becomes of the session";
    services.answer(services.take("subscribe"), SH_TIMEOUT);
    EXPECT_THAT(last(client), HasSubstr(kDegraded));
    host.advance(OwedLine::kAgainMs + 250);
    owner_is(SH_OK);
    EXPECT_EQ(services.take("subscribe").subject, "trip.r1");
    EXPECT_EQ(services.take("subscribe").subject, "trip");
}

TEST_F(GatewayOwed, AWelcomeWithAllStreamsIsOnlyDegradedWhileTheStoreIsAway) {
    EXPECT_THAT(last(join()), Not(HasSubstr("degraded")));
    EXPECT_THAT(last(welcome("", SH_OK)), HasSubstr(kDegraded));
    store_is_back();
    EXPECT_EQ(services.count("check_owner"), 0u) << "nothing is owed";
    const sh_connection late = greet();
    join_answered(late);
    services.answer(services.take("subscribe"), SH_OK);
    EXPECT_THAT(last(late), Not(HasSubstr("degraded")));
}

TEST_F(GatewayOwed, ResumesFromThePositionsOfTheHello) {
    const sh_connection client =
        welcome(R"(,"follow":false,"resume":[{"stream":"trip","after":"2.00000000000000aa"},)"
                R"({"stream":"trip.r1","after":"4.00000000000000bb"}])");
    EXPECT_THAT(last(client), HasSubstr(kDegraded));
    store_is_back();
    owner_is(SH_OK);
    const Call run = services.take("subscribe");
    EXPECT_EQ(run.subject, "trip.r1");
    EXPECT_EQ(run.from, static_cast<std::uint32_t>(SH_FROM_POSITION));
    EXPECT_EQ(run.seq, 4u);
    const Call session = services.take("subscribe");
    EXPECT_EQ(session.subject, "trip");
    EXPECT_EQ(session.seq, 2u);
    EXPECT_EQ(session.flags, 0u);
    services.answer(run, SH_OK);
    services.answer(session, SH_UNAVAILABLE);
    host.advance(OwedLine::kAgainMs + 250);
    owner_is(SH_OK);
    EXPECT_EQ(services.take("subscribe").subject, "trip") << "what stands is not asked for again";
    EXPECT_EQ(services.count("subscribe"), 0u);
}

TEST_F(GatewayOwed, AStreamOfAnotherSessionWaitsForItsOwner) {
    store_is(false);
    const sh_connection client = greet(R"(,"resume":[{"stream":"other.r2","after":"0"}])");
    services.answer(services.take("join"), SH_OK, kJoined);
    services.answer(services.take("look_owner"), SH_UNAVAILABLE);
    services.answer(services.take("subscribe"), SH_OK);
    EXPECT_THAT(last(client), HasSubstr(kDegraded));
    store_is_back();
    const Call owner = services.take("look_owner");
    EXPECT_EQ(owner.subject, "other");
    services.answer(owner, SH_OK);
    const Call other = services.take("subscribe");
    EXPECT_EQ(other.subject, "other.r2");
    services.answer(other, SH_NOT_FOUND);
    EXPECT_THAT(last(client), HasSubstr(R"("stream":"other.r2","code":"not_found")"));
    host.advance(10'000);
    EXPECT_EQ(services.count("check_owner"), 0u);
    EXPECT_TRUE(peer(client).is_open);
}

TEST_F(GatewayOwed, WhoWasBelievedWronglyIsClosedBeforeItIsShownAnything) {
    const sh_connection client = welcome(R"(,"resume":[{"stream":"trip.r1","after":"0"}])");
    store_is_back();
    owner_is(SH_FORBIDDEN);
    EXPECT_EQ(peer(client).close_code, 4403u);
    EXPECT_EQ(services.count("subscribe"), 0u);
}

TEST_F(GatewayOwed, AStoreThatGoesAwayAgainIsAskedAgainLater) {
    const sh_connection client = welcome();
    store_is_back();
    owner_is(SH_TIMEOUT);
    store_is(false);
    host.advance(60'000);
    EXPECT_EQ(services.count("check_owner"), 0u);
    store_is_back();
    owner_is(SH_OK);
    services.answer(services.take("subscribe"), SH_OK);
    EXPECT_EQ(peer(client).frames.size(), 1u);
}

TEST_F(GatewayOwed, ARefusalForGoodIsToldAndEndsIt) {
    const sh_connection full = welcome();
    store_is_back();
    owner_is(SH_OK);
    services.answer(services.take("subscribe"), SH_TOO_LARGE);
    EXPECT_THAT(last(full), HasSubstr(R"("stream":"trip","code":"too_large")"));
    EXPECT_TRUE(peer(full).is_open);
    const sh_connection faulty = welcome();
    store_is_back();
    owner_is(SH_OK);
    services.answer(services.take("subscribe"), SH_INTERNAL);
    EXPECT_EQ(peer(faulty).close_code, 1011u);
    host.advance(10'000);
    EXPECT_EQ(services.count("check_owner"), 0u);
}

TEST_F(GatewayOwed, WithoutRecoveryThereIsNothingToWaitFor) {
    const sh_connection client = welcome();
    host.withdraw(SH_SVC_RECOVERY);
    store_is_back();
    owner_is(SH_OK);
    EXPECT_THAT(last(client), HasSubstr(R"("stream":"trip","code":"unavailable")"));
    EXPECT_EQ(peer(client).close_code, 1013u);
}

TEST_F(GatewayOwed, WhatTheClientGivesUpIsOwedNoMore) {
    const sh_connection client = welcome(R"(,"resume":[{"stream":"trip.r1","after":"0"}])");
    say(client, R"({"type":"unsubscribe","id":2,"stream":"trip.r1"})");
    services.answer(services.take("unsubscribe"), SH_NOT_FOUND);
    EXPECT_EQ(last(client), R"({"type":"ok","id":2})");
    say(client, R"({"type":"unsubscribe","id":3,"stream":"trip.r1"})");
    services.answer(services.take("unsubscribe"), SH_NOT_FOUND);
    EXPECT_THAT(last(client), HasSubstr(R"("id":3,"code":"not_found")"));
    store_is_back();
    owner_is(SH_OK);
    EXPECT_EQ(services.take("subscribe").subject, "trip");
    EXPECT_EQ(services.count("subscribe"), 0u);
}

TEST_F(GatewayOwed, WhatIsGivenUpBetweenTwoQuestionsIsNotSubscribed) {
    const sh_connection client = welcome();
    store_is_back();
    const Call owner = services.take("check_owner");
    say(client, R"({"type":"unsubscribe","id":2,"stream":"trip"})");
    services.answer(services.take("unsubscribe"), SH_NOT_FOUND);
    services.answer(owner, SH_OK);
    host.advance(10'000);
    EXPECT_EQ(services.count("subscribe"), 0u);
    EXPECT_EQ(services.count("check_owner"), 0u);
}

TEST_F(GatewayOwed, ASubscribeOfTheClientTakesItsPlace) {
    const sh_connection client = welcome();
    say(client, R"({"type":"subscribe","id":2,"stream":"trip","from":"tail"})");
    services.answer(services.take("look_owner"), SH_OK);
    services.answer(services.take("subscribe"), SH_UNAVAILABLE);
    EXPECT_THAT(last(client), HasSubstr(R"("id":2,"code":"unavailable")"));
    EXPECT_THAT(last(client), HasSubstr(R"("retryable":true)"));
    store_is_back();
    EXPECT_EQ(services.count("check_owner"), 0u) << "it was told, and asks again by itself";
}

TEST_F(GatewayOwed, WhoAsksForTheSessionItselfIsShownNothingBeforeItsOwnerIsCertain) {
    const sh_connection client = welcome();
    for (const char* request :
         {R"({"type":"subscribe","id":2,"stream":"trip.r1"})", R"({"type":"history","id":2})"}) {
        say(client, request);
        const Call owner = services.take("look_owner");
        EXPECT_EQ(owner.subject, "trip");
        services.answer(owner, SH_FORBIDDEN);
        EXPECT_THAT(last(client), HasSubstr(R"("id":2,"code":"forbidden")"));
    }
    EXPECT_EQ(services.count("subscribe") + services.count("tail"), 0u);
    say(client, R"({"type":"send","id":3,"content":"hello"})");
    EXPECT_EQ(services.count("send"), 1u) << "it waits for the store as any other";
}

TEST_F(GatewayOwed, AHelloThatIsUndoneOwesNothing) {
    const sh_connection client = greet(R"(,"resume":[{"stream":"trip.r1","after":"0"}])");
    services.answer(services.take("join"), SH_OK, kJoined);
    const Call run = services.take("subscribe");
    services.answer(services.take("subscribe"), SH_INVALID);
    say(client, R"({"type":"hello","id":3,"session":"second"})");
    services.answer(services.take("join"), SH_OK, R"({"session":"second"})");
    services.answer(run, SH_UNAVAILABLE);  // late, of the hello before
    services.answer(services.take("subscribe"), SH_OK);
    EXPECT_THAT(last(client), StartsWith(R"({"type":"welcome","id":3,"session":"second")"));
    store_is_back();
    EXPECT_EQ(services.count("check_owner"), 0u);
}

TEST_F(GatewayOwed, ManyAreServedInTheirOrderAFewAtATime) {
    constexpr std::size_t kClients = 2 * OwedLine::kStreamsPerTick + 10;
    std::vector<sh_connection> clients;
    for (std::size_t index = 0; index < kClients; ++index)
        clients.push_back(welcome());
    sockets.leave(clients.front());  // who closes leaves the line
    host.run();
    host.advance(60'000);
    store_is(true);
    std::vector<std::size_t> asked;
    for (std::size_t served = 0; served < kClients - 1;) {
        host.advance(250);
        asked.push_back(services.count("check_owner"));
        ASSERT_GT(asked.back(), 0u);
        for (; services.count("check_owner") > 0; ++served) {
            owner_is(SH_OK);
            const Call call = services.take("subscribe");
            EXPECT_EQ(call.connection, clients[served + 1]);
            services.answer(call, SH_OK);
        }
    }
    EXPECT_THAT(asked, ElementsAre(OwedLine::kStreamsPerTick, OwedLine::kStreamsPerTick, 9u));
}

TEST_F(GatewayOwed, AClientThatLeavesWhileItIsAskedForIsForgotten) {
    const sh_connection client = welcome();
    store_is_back();
    const Call owner = services.take("check_owner");
    sockets.leave(client);
    host.run();
    services.answer(owner, SH_OK);
    host.advance(10'000);
    EXPECT_EQ(services.count("subscribe"), 0u);
    EXPECT_EQ(services.count("check_owner"), 0u);
}

}  // namespace
}  // namespace gateway
