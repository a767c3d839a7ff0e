// The spans of a connection, and what is handed on of a trace.
#include <string>

#include "streamhost/testing/fake_tracing.hpp"

#include "fixture.hpp"

namespace gateway {
namespace {

using streamhost::hex_of;
using streamhost::testing::FakeTracing;
using streamhost::testing::KeptSpan;

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* kSpan = "00f067aa0ba902b7";
const std::string kParent = std::string("00-") + kTrace + "-" + kSpan + "-01";
const std::string kTraced = R"(,"traceparent":")" + kParent + R"(","tracestate":"a=1")";

class Traced : public testing::GatewayPlugin {
protected:
    sh_connection join_with(const std::string& more) {
        const sh_connection client = greet(more);
        services.answer(services.take("join"), SH_OK, testing::kJoined);
        while (services.count("subscribe") > 0)
            services.answer(services.take("subscribe"), SH_OK);
        return client;
    }
    testing::Call send(sh_connection client, const std::string& more = "") {
        say(client, R"({"type":"send","id":2,"content":"x")" + more + "}");
        return services.take("send");
    }

    FakeTracing tracing_{host};
};

TEST_F(Traced, AHelloIsASpanOfTheClientsTrace) {
    join_with(kTraced);
    ASSERT_EQ(tracing_.named("hello").size(), 1u);
    const KeptSpan hello = tracing_.named("hello")[0];
    EXPECT_EQ(hello.kind, static_cast<std::uint32_t>(SH_SPAN_SERVER));
    EXPECT_EQ(hex_of(hello.context.trace_id), kTrace);
    EXPECT_EQ(hello.parent_id, kSpan);
    EXPECT_EQ(hello.context.state, "a=1");
    EXPECT_EQ(hello.attributes.at("streamhost.session"), "trip");
    EXPECT_EQ(hello.error, "");
}

TEST_F(Traced, AHelloThatIsRefusedSaysSo) {
    greet();
    services.answer(services.take("join"), SH_FORBIDDEN);
    ASSERT_EQ(tracing_.named("hello").size(), 1u);
    EXPECT_EQ(tracing_.named("hello")[0].error, "forbidden");
}

TEST_F(Traced, AMessageGoesOnWithItsTrace) {
    const sh_connection client = join_with(kTraced);
    const testing::Call call = send(client);
    services.answer(call, SH_OK, R"({"message":"m","run":"trip.r","stream":"trip.r"})");
    ASSERT_EQ(tracing_.named("send").size(), 1u);
    const KeptSpan sent = tracing_.named("send")[0];
    EXPECT_EQ(sent.parent_id, kSpan);
    EXPECT_EQ(call.trace, sent.context.parent_text()) << "whoever answers goes on from here";
    EXPECT_EQ(sent.attributes.at("streamhost.run"), "trip.r");
}

TEST_F(Traced, AMessageHasATraceOfItsOwnWhereItSaysOneOrNobodyDoes) {
    const sh_connection client = join_with("");
    const std::string own = std::string("00-") + std::string(32, 'a') + "-" + kSpan + "-01";
    EXPECT_EQ(send(client, R"(,"traceparent":")" + own + "\"").trace.substr(3, 32), std::string(32, 'a'));
    const std::string first = send(client).trace;
    const std::string second = send(client, R"(,"traceparent":{"not":"text"})").trace;
    EXPECT_NE(first.substr(3, 32), second.substr(3, 32));
}

TEST_F(Traced, AMessageThatFailedSaysSoAlsoWhenItsSenderHasGone) {
    const sh_connection client = join_with(kTraced);
    const testing::Call call = send(client);
    sockets.leave(client);
    host.run();
    services.answer(call, SH_UNAVAILABLE);
    ASSERT_EQ(tracing_.named("send").size(), 1u);
    EXPECT_EQ(tracing_.named("send")[0].error, "unavailable");
}

TEST_F(Traced, AStreamThatIsResumedIsPartOfTheHello) {
    join_with(kTraced + R"(,"resume":[{"stream":"trip.r","after":"0"}])");
    ASSERT_EQ(tracing_.named("resume").size(), 1u);
    const KeptSpan resumed = tracing_.named("resume")[0];
    EXPECT_EQ(resumed.attributes.at("streamhost.stream"), "trip.r");
    EXPECT_EQ(resumed.parent_id, hex_of(tracing_.named("hello")[0].context.span_id));
}

TEST_F(Traced, NothingIsHandedOnWithoutATracer) {
    tracing_.withdraw();
    const sh_connection client = join_with(kTraced);
    EXPECT_EQ(send(client, kTraced).trace, "");
    EXPECT_TRUE(tracing_.spans.empty());
}

}  // namespace
}  // namespace gateway
