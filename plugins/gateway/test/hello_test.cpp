// From `hello` to `welcome`, and what becomes of those that get no further.
#include "fixture.hpp"

namespace gateway {
namespace {

using gateway::testing::Call;
using gateway::testing::GatewayPlugin;
using gateway::testing::kHelloMs;
using gateway::testing::kJoined;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST_F(GatewayPlugin, WelcomesWhenTheSessionIsJoinedAndItsStreamFollowed) {
    const sh_connection client = greet(R"(,"client":{"name":"web","version":"2"})");
    const Call join = services.take("join");
    EXPECT_EQ(join.subject, "trip");
    EXPECT_EQ(join.user, "anonymous");
    EXPECT_EQ(join.connection, client);
    EXPECT_EQ(join.text, "web 2");
    EXPECT_THAT(peer(client).events, ElementsAre("pause", "hold"));
    services.answer(join, SH_OK, kJoined);
    const Call subscribe = services.take("subscribe");
    EXPECT_EQ(subscribe.subject, "trip");
    EXPECT_EQ(subscribe.from, static_cast<std::uint32_t>(SH_FROM_SNAPSHOT));
    EXPECT_EQ(subscribe.flags, static_cast<std::uint32_t>(SH_SUBSCRIBE_FOLLOW_RUNS));
    EXPECT_THAT(peer(client).frames, IsEmpty());
    services.answer(subscribe, SH_OK);
    // No frame of a stream comes before `welcome`, and nothing is read before it.
    EXPECT_THAT(peer(client).events,
                ElementsAre("pause", "hold", StartsWith(R"(send {"type":"welcome","id":1,"session":"trip")"),
                            "release", "resume"));
    EXPECT_THAT(peer(client).frames[0], HasSubstr(R"("affinity":"key-7")"));
    // What the host enforces on this connection, not what the gateway asked for.
    EXPECT_THAT(peer(client).frames[0], HasSubstr(R"("heartbeat_ms":20000,"limits":{"message_bytes":4096,)"));
    EXPECT_EQ(host.metric_values.at("clients"), 1);
    sockets.leave(client);
    host.run();
    EXPECT_THAT(services.left, ElementsAre(client));
    EXPECT_EQ(host.metric_values.at("clients"), 0);
}

TEST_F(GatewayPlugin, ResumesTheNamedStreamsBeforeTheSession) {
    const sh_connection client =
        greet(R"(,"follow":false,"resume":[{"stream":"trip","after":"2.00000000000000aa"},)"
              R"({"stream":"trip.r1","after":"4.00000000000000bb"},{"stream":"other.r2","after":"0"}])");
    services.answer(services.take("join"), SH_OK, kJoined);
    ASSERT_EQ(services.count("subscribe"), 2u);
    const Call run = services.take("subscribe");
    EXPECT_EQ(run.subject, "trip.r1");
    EXPECT_EQ(run.from, static_cast<std::uint32_t>(SH_FROM_POSITION));
    EXPECT_EQ(run.seq, 4u);
    const Call session = services.take("subscribe");
    EXPECT_EQ(session.subject, "trip");
    EXPECT_EQ(session.seq, 2u);
    EXPECT_EQ(session.flags, 0u);
    services.answer(run, SH_OK);
    services.answer(session, SH_OK);
    // Somebody else's run is resumed when its owner is known.
    const Call owner = services.take("look_owner");
    EXPECT_EQ(owner.subject, "other");
    services.answer(owner, SH_OK);
    EXPECT_EQ(services.take("subscribe").subject, "other.r2");
    EXPECT_EQ(peer(client).frames.size(), 1u);
}

TEST_F(GatewayPlugin, TellsWhichStreamCouldNotBeResumed) {
    const sh_connection client = greet(R"(,"resume":[{"stream":"other.r2","after":"0"}])");
    services.answer(services.take("join"), SH_OK, kJoined);
    services.answer(services.take("subscribe"), SH_OK);
    services.answer(services.take("look_owner"), SH_FORBIDDEN);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("stream":"other.r2","code":"forbidden")"));
    EXPECT_THAT(peer(client).frames.back(), ::testing::Not(HasSubstr(R"("id")")));
    EXPECT_EQ(peer(client).close_code, 0u);
}

TEST_F(GatewayPlugin, AFaultWhileResumingClosesAsOneOfHelloDoes) {
    const sh_connection client = greet(R"(,"resume":[{"stream":"trip.r1","after":"0"}])");
    services.answer(services.take("join"), SH_OK, kJoined);
    services.answer(services.take("subscribe"), SH_INTERNAL);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("code":"internal")"));
    EXPECT_EQ(peer(client).close_code, 1011u);
}

TEST_F(GatewayPlugin, ClosesWhenAnotherTryCouldResumeTheStream) {
    const sh_connection client = greet(R"(,"resume":[{"stream":"trip.r1","after":"0"}])");
    services.answer(services.take("join"), SH_OK, kJoined);
    services.answer(services.take("subscribe"), SH_BUSY);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("stream":"trip.r1","code":"unavailable")"));
    EXPECT_EQ(peer(client).close_code, 1013u);
}

struct Failure {
    sh_status status;
    const char* code;
    std::uint32_t close;
};

class GatewayHello : public GatewayPlugin, public ::testing::WithParamInterface<Failure> {};

TEST_P(GatewayHello, AFailedJoinIsToldAndClosesUnlessTheClientCanMendIt) {
    const sh_connection client = greet();
    services.answer(services.take("join"), GetParam().status);
    ASSERT_EQ(peer(client).frames.size(), 1u);
    EXPECT_THAT(peer(client).frames[0], StartsWith(R"({"type":"error","id":1,)"));
    EXPECT_THAT(peer(client).frames[0], HasSubstr(std::string("\"code\":\"") + GetParam().code));
    EXPECT_EQ(peer(client).close_code, GetParam().close);
    // Below 4000 a client comes back, from 4400 on it does not: the error says the same.
    const bool is_retryable = peer(client).frames[0].find(R"("retryable":true)") != std::string::npos;
    EXPECT_EQ(is_retryable, GetParam().close != 0 && GetParam().close < 4'000);
    EXPECT_EQ(services.count("subscribe"), 0u);
    EXPECT_EQ(peer(client).is_open, GetParam().close == 0);
}

TEST_P(GatewayHello, AFailedSubscriptionGivesTheSessionBackOnce) {
    const sh_connection client = greet();
    services.answer(services.take("join"), SH_OK, kJoined);
    host.withdraw(SH_SVC_RECOVERY);  // with it, a store that is away would be no reason
    services.answer(services.take("subscribe"), GetParam().status);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(std::string("\"code\":\"") + GetParam().code));
    EXPECT_EQ(peer(client).close_code, GetParam().close);
    EXPECT_THAT(services.left, ElementsAre(client));
    sockets.leave(client);
    host.run();
    EXPECT_THAT(services.left, ElementsAre(client));
}

INSTANTIATE_TEST_SUITE_P(
    Statuses, GatewayHello,
    ::testing::Values(Failure{SH_INVALID, "bad_request", 0}, Failure{SH_FORBIDDEN, "forbidden", 4403},
                      Failure{SH_UNAUTHENTICATED, "unauthenticated", 4401},
                      Failure{SH_RATE_LIMITED, "rate_limited", 1013}, Failure{SH_TOO_LARGE, "too_large", 0},
                      Failure{SH_CONFLICT, "conflict", 4400}, Failure{SH_UNAVAILABLE, "unavailable", 1013},
                      Failure{SH_GONE, "unavailable", 1013}, Failure{SH_TIMEOUT, "timeout", 1013},
                      Failure{SH_INTERNAL, "internal", 1011}),
    [](const auto& each) { return std::to_string(each.index); });

TEST_F(GatewayPlugin, SaysHelloAgainAfterOneThatItCouldMend) {
    const sh_connection client = greet(R"(,"resume":[{"stream":"trip.r1","after":"1.00000000000000aa"}])");
    services.answer(services.take("join"), SH_OK, kJoined);
    services.answer(services.take("subscribe"), SH_OK);
    services.answer(services.take("subscribe"), SH_INVALID);
    EXPECT_EQ(services.take("unsubscribe").subject, "trip.r1");
    EXPECT_EQ(peer(client).paused, 0);
    EXPECT_EQ(peer(client).held, 0);
    say(client, R"({"type":"send","id":2,"content":"x"})");
    EXPECT_THAT(peer(client).frames.back(), HasSubstr("unauthenticated"));
    say(client, R"({"type":"hello","id":3,"session":"second"})");
    services.answer(services.take("join"), SH_OK, R"({"session":"second"})");
    services.answer(services.take("subscribe"), SH_OK);
    EXPECT_THAT(peer(client).frames.back(), StartsWith(R"({"type":"welcome","id":3,"session":"second")"));
    sockets.leave(client);
    host.run();
    EXPECT_THAT(services.left, ElementsAre(client, client));
}

TEST_F(GatewayPlugin, AnAnswerWithoutASessionIsAFaultOfTheServer) {
    const sh_connection client = greet();
    services.answer(services.take("join"), SH_OK, R"({"session":"not a session"})");
    EXPECT_THAT(peer(client).frames.back(), HasSubstr("internal"));
    EXPECT_EQ(peer(client).close_code, 1011u);
    EXPECT_EQ(host.lines.back().text, "the session service answered no session id");
}

TEST_F(GatewayPlugin, WithoutASessionServiceAClientComesBackLater) {
    host.withdraw(SH_SVC_SESSION);
    const sh_connection client = greet();
    EXPECT_THAT(peer(client).frames.back(), HasSubstr("unavailable"));
    EXPECT_EQ(peer(client).close_code, 1013u);
}

TEST_F(GatewayPlugin, ClosesWhoSaysNoHelloInTime) {
    const sh_connection silent = connect();
    const sh_connection busy = connect();
    const sh_connection slow = greet();  // said hello, the registry takes its time
    host.advance(kHelloMs - 500);
    say(busy, R"({"type":"ping"})");
    EXPECT_EQ(peer(silent).close_code, 0u);
    host.advance(1'000);
    EXPECT_EQ(peer(silent).close_code, 4400u);
    EXPECT_EQ(peer(busy).close_code, 4400u);
    EXPECT_EQ(peer(slow).close_code, 0u);
}

}  // namespace
}  // namespace gateway
