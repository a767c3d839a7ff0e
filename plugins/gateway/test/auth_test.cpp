// Who must bring a token: from the upgrade or hello to the end of what it said.
#include "fixture.hpp"

namespace gateway {
namespace {

using gateway::testing::Call;
using gateway::testing::GatewayPlugin;
using gateway::testing::kJoined;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kWallMs = 1'700'000'001'000;  // of the fake host, at its start

std::string identity(const std::string& grants = R"("read:@own","send:@own")", std::int64_t lives_ms = 60'000,
                     const std::string& user = "ann") {
    return R"({"user":")" + user + R"(","id":"t1","key":"k","issued_ms":1,"expires_ms":)" +
           std::to_string(kWallMs + lives_ms) + R"(,"grants":[)" + grants + "]}";
}

class GatewayAuth : public GatewayPlugin {
protected:
    GatewayAuth() : GatewayPlugin({{"authentication", "required"}, {"token_cookie", "sh"}}) {
        services.offer_auth();
    }
    sh_connection open(const std::map<std::string, std::string>& headers) {
        return sockets.open("/v1/ws", 0, headers);
    }
    void hello(sh_connection client, const std::string& more = "") {
        say(client, R"({"type":"hello","id":1,"session":"trip")" + more + "}");
    }
    sh_connection welcomed(const std::string& body = identity()) {
        const sh_connection client = greet(R"(,"token":"a.b.c")");
        services.answer(services.take("authenticate"), SH_OK, body);
        services.answer(services.take("join"), SH_OK, kJoined);
        services.answer(services.take("subscribe"), SH_OK);
        EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("type":"welcome")"));
        return client;
    }
    std::string last(sh_connection client) { return peer(client).frames.back(); }
};

TEST_F(GatewayAuth, WithoutATokenNobodyIsWelcomed) {
    const sh_connection client = greet();
    EXPECT_THAT(last(client), HasSubstr(R"("code":"unauthenticated")"));
    EXPECT_EQ(peer(client).close_code, 4401u);
    EXPECT_EQ(services.count("join"), 0u);
}

TEST_F(GatewayAuth, TheUserIsWhoTheTokenSays) {
    const sh_connection client = greet(R"(,"token":"a.b.c")");
    const Call asked = services.take("authenticate");
    EXPECT_EQ(asked.subject, "a.b.c");
    services.answer(asked, SH_OK, identity());
    const Call join = services.take("join");
    EXPECT_EQ(join.user, "ann");
    EXPECT_EQ(join.subject, "trip");
    EXPECT_EQ(join.flags, 0u);
    services.answer(join, SH_OK, kJoined);
    services.answer(services.take("subscribe"), SH_OK);
    EXPECT_THAT(last(client), HasSubstr(R"("user":"ann")"));
}

TEST_F(GatewayAuth, ARefusedTokenEndsTheConnection) {
    const sh_connection client = greet(R"(,"token":"a.b.c")");
    services.answer(services.take("authenticate"), SH_UNAUTHENTICATED);
    EXPECT_THAT(last(client), HasSubstr(R"("code":"unauthenticated")"));
    EXPECT_EQ(peer(client).close_code, 4401u);
}

TEST_F(GatewayAuth, WhileNobodyCanTellAClientComesBack) {
    host.withdraw(SH_SVC_AUTH);
    const sh_connection client = greet(R"(,"token":"a.b.c")");
    EXPECT_THAT(last(client), HasSubstr(R"("code":"unavailable")"));
    EXPECT_EQ(peer(client).close_code, 1013u);
    EXPECT_EQ(services.count("join"), 0u) << "nobody becomes anonymous";
}

TEST_F(GatewayAuth, TheUpgradeMayBringIt) {
    const sh_connection bearer = open({{"authorization", "Bearer x.y.z"}});
    hello(bearer);
    EXPECT_EQ(services.take("authenticate").subject, "x.y.z");
    const sh_connection said = open({{"authorization", "Bearer x.y.z"}});
    hello(said, R"(,"token":"a.b.c")");
    EXPECT_EQ(services.take("authenticate").subject, "a.b.c") << "what hello says counts";
}

TEST_F(GatewayAuth, ACookieCountsWithItsOriginAlone) {
    const sh_connection page = open({{"cookie", "sh=x.y.z"}, {"origin", "http://me"}, {"host", "me"}});
    hello(page);
    EXPECT_EQ(services.take("authenticate").subject, "x.y.z");
    const sh_connection other = open({{"cookie", "sh=x.y.z"}});
    hello(other);
    EXPECT_EQ(peer(other).close_code, 4401u);
    const sh_connection evil = open({{"cookie", "sh=x.y.z"}, {"origin", "http://evil"}, {"host", "me"}});
    EXPECT_EQ(peer(evil).close_code, 4403u);
}

TEST_F(GatewayAuth, TwoTokensThatDifferAreNobodys) {
    const sh_connection both = open(
        {{"authorization", "Bearer x.y.z"}, {"cookie", "sh=other"}, {"origin", "http://me"}, {"host", "me"}});
    EXPECT_EQ(peer(both).close_code, 4401u);
    const sh_connection same = open(
        {{"authorization", "Bearer x.y.z"}, {"cookie", "sh=x.y.z"}, {"origin", "http://me"}, {"host", "me"}});
    hello(same);
    EXPECT_EQ(services.take("authenticate").subject, "x.y.z");
}

TEST_F(GatewayAuth, ClosesWhenTheTokenExpires) {
    const sh_connection client = welcomed(identity(R"("read:@own")", 5'000));
    host.advance(4'000);
    EXPECT_EQ(peer(client).close_code, 0u);
    host.advance(1'500);
    EXPECT_EQ(peer(client).close_code, 4004u);
}

TEST_F(GatewayAuth, ARefreshedTokenLivesOn) {
    const sh_connection client = welcomed(identity(R"("read:@own")", 5'000));
    say(client, R"({"type":"refresh","id":2,"token":"d.e.f"})");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:@own")", 60'000));
    EXPECT_THAT(last(client), HasSubstr(R"("type":"ok","id":2)"));
    host.advance(6'000);
    EXPECT_EQ(peer(client).close_code, 0u);
}

TEST_F(GatewayAuth, WhoSaysHelloAgainIsCountedAsWhoTheyAreThen) {
    services.offer_ratelimit();
    const sh_connection client = greet(R"(,"token":"a.b.c")");
    services.answer(services.take("authenticate"), SH_OK, identity());
    EXPECT_THAT(services.inside, ElementsAre("127.0.0.1/", "/ann"));
    services.answer(services.take("join"), SH_INVALID);
    EXPECT_THAT(services.inside, ElementsAre("127.0.0.1/"));
    hello(client, R"(,"token":"d.e.f")");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:@own")", 60'000, "bob"));
    EXPECT_THAT(services.inside, ElementsAre("127.0.0.1/", "/bob"));
    sockets.leave(client);
    host.run();
    EXPECT_THAT(services.inside, ElementsAre());
}

TEST_F(GatewayAuth, WhatNewGrantsDoNotPermitEndsAndTheRestGoesOn) {
    const sh_connection client = welcomed(identity(R"("read:trip","read:feed-*","read:news","send:@own")"));
    for (const char* stream : {"feed-1.a", "news", "trip.r1"}) {
        say(client, std::string(R"({"type":"subscribe","id":2,"stream":")") + stream + R"("})");
        services.answer(services.take("subscribe"), SH_OK);
    }
    const std::size_t before = peer(client).frames.size();
    say(client, R"({"type":"refresh","id":3,"token":"d.e.f"})");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:trip","read:news")"));
    EXPECT_EQ(services.take("unsubscribe").subject, "feed-1.a");
    EXPECT_EQ(services.count("unsubscribe"), 0u);
    const auto& frames = peer(client).frames;
    ASSERT_EQ(frames.size(), before + 2);
    EXPECT_THAT(frames[before], HasSubstr(R"("type":"ok","id":3)"));
    EXPECT_THAT(frames[before + 1], HasSubstr(R"("stream":"feed-1.a","code":"forbidden")"));
    say(client, R"({"type":"send","id":4,"content":"x"})");
    EXPECT_THAT(last(client), HasSubstr(R"("id":4,"code":"forbidden")")) << "it was granted before";
    EXPECT_EQ(peer(client).close_code, 0u);
}

TEST_F(GatewayAuth, WhatOnlyItsOwnerMayReadNowIsAskedFor) {
    const sh_connection client = welcomed(identity(R"("read:*")"));
    for (const char* stream : {"hers.a", "his.b"}) {
        say(client, std::string(R"({"type":"subscribe","id":2,"stream":")") + stream + R"("})");
        services.answer(services.take("subscribe"), SH_OK);
    }
    say(client, R"({"type":"refresh","id":3,"token":"d.e.f"})");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:@own")"));
    services.answer(services.take("look_owner"), SH_OK);
    const Call other = services.take("look_owner");
    EXPECT_EQ(other.subject, "his");
    services.answer(other, SH_FORBIDDEN);
    EXPECT_EQ(services.take("unsubscribe").subject, "his.b");
    EXPECT_THAT(last(client), HasSubstr(R"("stream":"his.b","code":"forbidden")"));
    // The same grants once more: nobody is asked.
    say(client, R"({"type":"refresh","id":4,"token":"d.e.f"})");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:@own")"));
    EXPECT_EQ(services.count("look_owner"), 0u);
    EXPECT_EQ(peer(client).close_code, 0u);
}

TEST_F(GatewayAuth, ASubscriptionUnderWayIsJudgedByTheGrantsThatCountThen) {
    const sh_connection client = welcomed(identity(R"("read:trip","read:feed-*")"));
    say(client, R"({"type":"subscribe","id":2,"stream":"feed-1.a"})");
    const Call asked = services.take("subscribe");
    say(client, R"({"type":"refresh","id":3,"token":"d.e.f"})");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:trip")"));
    EXPECT_EQ(services.take("unsubscribe").subject, "feed-1.a") << "it may stand already";
    services.answer(asked, SH_OK);
    EXPECT_EQ(services.take("unsubscribe").subject, "feed-1.a") << "it did not then, and does now";
    EXPECT_THAT(last(client), HasSubstr(R"("stream":"feed-1.a","code":"forbidden")"));
}

TEST_F(GatewayAuth, ARefusedRefreshEndsNothing) {
    const sh_connection client = welcomed();
    say(client, R"({"type":"refresh","id":2,"token":"d.e.f"})");
    services.answer(services.take("authenticate"), SH_UNAUTHENTICATED);
    EXPECT_THAT(last(client), HasSubstr(R"("id":2,"code":"unauthenticated")"));
    say(client, R"({"type":"refresh","id":3,"token":"d.e.f"})");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:@own")", 60'000, "bob"));
    EXPECT_THAT(last(client), HasSubstr(R"("id":3,"code":"forbidden")"));
    EXPECT_EQ(peer(client).close_code, 0u);
}

TEST_F(GatewayAuth, ARevokedTokenEndsAnOpenConnection) {
    const sh_connection client = welcomed();
    host.advance(1'000);
    services.revoked.insert("ann");
    host.advance(1'000);
    EXPECT_EQ(peer(client).close_code, 0u) << "nobody said that anything changed";
    ++services.revision;
    host.advance(1'000);
    EXPECT_EQ(peer(client).close_code, 4401u);
}

TEST_F(GatewayAuth, ATokenRevokedWhileItWasLookedAtIsNotWelcome) {
    const sh_connection client = greet(R"(,"token":"a.b.c")");
    services.revoked.insert("ann");
    ++services.revision;
    host.advance(1'000);
    services.answer(services.take("authenticate"), SH_OK, identity());
    EXPECT_EQ(services.count("join"), 0u);
    EXPECT_EQ(peer(client).close_code, 4401u);
}

TEST_F(GatewayAuth, EachVerbNeedsItsGrant) {
    const sh_connection client = welcomed(identity(R"("read:@own")"));
    say(client, R"({"type":"send","id":2,"content":"x"})");
    EXPECT_THAT(last(client), HasSubstr(R"("id":2,"code":"forbidden")"));
    say(client, R"({"type":"append","id":3,"stream":"trip.log","entries":[{"kind":"part"}]})");
    EXPECT_THAT(last(client), HasSubstr(R"("id":3,"code":"forbidden")"));
    say(client, R"({"type":"cancel","id":4,"run":"trip.r1"})");
    EXPECT_THAT(last(client), HasSubstr(R"("id":4,"code":"forbidden")"));
    say(client, R"({"type":"subscribe","id":5,"stream":"trip.log"})");
    EXPECT_EQ(services.take("subscribe").subject, "trip.log");
}

TEST_F(GatewayAuth, AGrantNeedsNoOwner) {
    const sh_connection client = welcomed(identity(R"("read:@own","produce:feed-*")"));
    say(client, R"({"type":"append","id":2,"stream":"feed-7","entries":[{"kind":"part"}]})");
    services.answer(services.take("check_owner"),
                    SH_FORBIDDEN);  // it would become theirs, if it were nobody's
    EXPECT_EQ(services.take("publish").subject, "feed-7");
    say(client, R"({"type":"append","id":3,"stream":"other","entries":[{"kind":"part"}]})");
    EXPECT_THAT(last(client), HasSubstr(R"("id":3,"code":"forbidden")"));
    say(client, R"({"type":"subscribe","id":4,"stream":"feed-7"})");
    EXPECT_EQ(services.take("look_owner").subject, "feed-7") << "to read it was not granted";
}

TEST_F(GatewayAuth, AGuestWritesWhereItWasGrantedOnly) {
    const sh_connection client = greet(R"(,"token":"a.b.c")");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:*","send:@own")"));
    const Call join = services.take("join");
    EXPECT_EQ(join.flags, static_cast<std::uint32_t>(SH_JOIN_GRANTED));
    services.answer(join, SH_OK, R"({"session":"trip","affinity":"k","guest":true})");
    services.answer(services.take("subscribe"), SH_OK);
    say(client, R"({"type":"send","id":2,"content":"x"})");
    services.answer(services.take("check_owner"), SH_FORBIDDEN);
    EXPECT_THAT(last(client), HasSubstr(R"("id":2,"code":"forbidden")"));
    // With fewer grants a guest is nothing, and not the owner.
    say(client, R"({"type":"refresh","id":3,"token":"d.e.f"})");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:@own","send:@own")"));
    EXPECT_EQ(peer(client).close_code, 4403u);
}

TEST_F(GatewayAuth, NobodyStaysWhereTokensAreNotJudged) {
    const sh_connection client = welcomed();
    host.advance(1'000);
    host.withdraw(SH_SVC_AUTH);
    host.advance(9'000);
    EXPECT_EQ(peer(client).close_code, 0u) << "it may be replaced";
    host.advance(2'000);
    EXPECT_EQ(peer(client).close_code, 1013u);
}

TEST_F(GatewayAuth, WhoMayReadNothingIsNotWelcome) {
    const sh_connection client = greet(R"(,"token":"a.b.c")");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("produce:feed-*")"));
    EXPECT_THAT(last(client), HasSubstr(R"("code":"forbidden")"));
    EXPECT_EQ(peer(client).close_code, 4403u);
}

TEST_F(GatewayAuth, WhatIsResumedIsGrantedAnew) {
    const sh_connection client = greet(
        R"(,"token":"a.b.c","resume":[{"stream":"feed-1.r","after":"0"},{"stream":"no.r","after":"0"}])");
    services.answer(services.take("authenticate"), SH_OK, identity(R"("read:trip","read:feed-*")"));
    services.answer(services.take("join"), SH_OK, kJoined);
    EXPECT_EQ(services.take("subscribe").subject, "feed-1.r");
    services.answer(services.take("subscribe"), SH_OK);
    EXPECT_EQ(services.count("look_owner"), 0u);
    EXPECT_THAT(peer(client).frames, ::testing::Contains(HasSubstr(R"("stream":"no.r","code":"forbidden")")));
}

TEST_F(GatewayPlugin, WithoutAnAuthenticatorTokensAreNotLookedAt) {
    services.offer_auth();
    const sh_connection client = greet(R"(,"token":"a.b.c")");
    EXPECT_EQ(services.count("authenticate"), 0u);
    EXPECT_EQ(services.take("join").user, "anonymous");
    EXPECT_EQ(peer(client).close_code, 0u);
}

}  // namespace
}  // namespace gateway
