// The whole plugin on a fake host: sockets, services and time are the test's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/ext/limits.h"
#include "streamhost/testing/fake_host.hpp"
#include "streamhost/testing/fake_websocket.hpp"

#include "fake_services.hpp"
#include "grants.hpp"

extern "C" const sh_entry streamhost_plugin_entry;

namespace gateway {
namespace {

using gateway::testing::Call;
using gateway::testing::FakeServices;
using streamhost::testing::FakeConfig;
using streamhost::testing::FakeHost;
using streamhost::testing::FakeWebSocket;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::int64_t kPendingLimit = 3;
constexpr std::int64_t kHelloMs = 2'000;
constexpr const char* kJoined = R"({"session":"trip","affinity":"key-7","created":1,"last_node":""})";

class GatewayPlugin : public ::testing::Test {
protected:
    GatewayPlugin() {
        delivery.struct_size = sizeof(delivery);
        delivery.add_encoding = [](const sh_host*, const char*, const sh_encoder*,
                                   sh_handle* out) -> sh_status {
            *out = 1;
            return SH_OK;
        };
        host.extend(SH_EXT_DELIVERY, &delivery);
        limits.struct_size = sizeof(limits);
        limits.websocket = &limits_of;
        host.extend(SH_EXT_LIMITS, &limits);
        host.create(streamhost_plugin_entry);
        FakeConfig config;
        config.set("max_pending", kPendingLimit).set("hello_timeout_ms", kHelloMs);
        EXPECT_EQ(host.configure(config), SH_OK) << host.error.text;
        EXPECT_EQ(host.start(), SH_OK) << host.error.text;
    }
    static sh_status limits_of(sh_connection /*connection*/, sh_websocket_limits* out) {
        out->heartbeat_ms = 20'000;
        out->message_bytes = 4'096;
        return SH_OK;
    }
    ~GatewayPlugin() override {
        sockets.leave_all();
        services.let_time_out();
        EXPECT_EQ(host.drain(0), 0u) << "requests are still counted after every client left";
        host.stop();
        host.destroy();
    }

    sh_connection connect() { return sockets.open("/v1/ws"); }
    void say(sh_connection client, const std::string& text) {
        sockets.say(client, text);
        host.run();
    }
    // Connected, and said hello; nothing is answered yet.
    sh_connection greet(const std::string& more = "") {
        const sh_connection client = connect();
        say(client, R"({"type":"hello","id":1,"session":"trip")" + more + "}");
        return client;
    }
    // Open, with all events so far forgotten by the caller: `from` counts them.
    sh_connection join() {
        const sh_connection client = greet();
        services.answer(services.take("join"), SH_OK, kJoined);
        services.answer(services.take("subscribe"), SH_OK);
        return client;
    }
    [[nodiscard]] const FakeWebSocket::Peer& peer(sh_connection client) const { return sockets.peer(client); }
    [[nodiscard]] std::vector<std::string> events_from(sh_connection client, std::size_t first) const {
        const auto& events = peer(client).events;
        return {events.begin() + static_cast<std::ptrdiff_t>(first), events.end()};
    }

    sh_delivery_ext delivery{};
    sh_limits_ext limits{};
    FakeHost host;
    FakeWebSocket sockets{host};
    FakeServices services{host};
};

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
    const Call owner = services.take("check_owner");
    EXPECT_EQ(owner.subject, "other");
    services.answer(owner, SH_OK);
    EXPECT_EQ(services.take("subscribe").subject, "other.r2");
    EXPECT_EQ(peer(client).frames.size(), 1u);
}

TEST_F(GatewayPlugin, TellsWhichStreamCouldNotBeResumed) {
    const sh_connection client = greet(R"(,"resume":[{"stream":"other.r2","after":"0"}])");
    services.answer(services.take("join"), SH_OK, kJoined);
    services.answer(services.take("subscribe"), SH_OK);
    services.answer(services.take("check_owner"), SH_FORBIDDEN);
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
    services.answer(services.take("subscribe"), SH_UNAVAILABLE);
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
    const Call owner = services.take("check_owner");
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
    EXPECT_EQ(services.count("check_owner"), 0u);
    EXPECT_EQ(services.take("cancel").text, "enough");
}

TEST_F(GatewayPlugin, AsksAgainWhoseAStreamIsAfterAMinute) {
    const sh_connection client = join();
    constexpr const char* kAppend =
        R"({"type":"append","id":2,"stream":"other.r1","entries":[{"kind":"part"}]})";
    say(client, kAppend);
    services.answer(services.take("check_owner"), SH_OK);
    services.answer(services.take("publish"), SH_OK);
    host.advance(Grants::kMs - 1);
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

TEST_F(GatewayPlugin, DropsTheMessageForAStreamOfSomebodyElse) {
    const sh_connection client = join();
    say(client, R"({"type":"subscribe","id":2,"stream":"other.r1"})");
    services.answer(services.take("check_owner"), SH_FORBIDDEN);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":2,"code":"forbidden")"));
    EXPECT_EQ(services.count("subscribe"), 0u);
    EXPECT_EQ(peer(client).paused, 0);
    // Nothing was learned: it is asked again.
    say(client, R"({"type":"subscribe","id":3,"stream":"other.r1"})");
    EXPECT_EQ(services.count("check_owner"), 1u);
}

TEST_F(GatewayPlugin, StartsNoAnswerWhenTheNodeDrainsButFinishesThoseUnderWay) {
    const sh_connection client = join();
    say(client, R"({"type":"send","id":2,"content":"in time"})");
    host.phase = SH_NODE_DRAINING;
    say(client, R"({"type":"send","id":3,"content":"late","key":"k"})");
    EXPECT_EQ(services.count("send"), 1u);
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("id":3,"code":"unavailable")"));
    EXPECT_THAT(peer(client).frames.back(), HasSubstr(R"("retryable":true,"retry_after_ms":)"));
    services.answer(services.take("send"), SH_OK, R"({"message":"m-1","run":"trip.r1","stream":"trip.r1"})");
    EXPECT_THAT(peer(client).frames.back(), StartsWith(R"({"type":"accepted","id":2)"));
    EXPECT_EQ(peer(client).held, 0);
    // What belongs to answers that run goes on.
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

TEST_F(GatewayPlugin, AnswersOfClientsThatLeftGoNowhere) {
    const sh_connection opening = greet();
    const Call join_call = services.take("join");
    const sh_connection sending = join();
    say(sending, R"({"type":"send","id":2,"content":"x"})");
    const Call send = services.take("send");
    const sh_connection asking = join();
    say(asking, R"({"type":"subscribe","id":2,"stream":"other.r1"})");
    const Call owner = services.take("check_owner");
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
