// The canary's rounds, through a store and topics that lose what a test says.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin_fixture.hpp"

namespace health {
namespace {

using ::testing::HasSubstr;
using testing::kInterval;

class CanaryRounds : public testing::HealthPluginTest {};

TEST_F(CanaryRounds, TheCanaryComesBack) {
    start();
    EXPECT_THAT(key, HasSubstr("node-test")) << "nodes of one store must not meet";
    const Got got = get("/health/distributed");
    EXPECT_EQ(got.status, 200u);
    EXPECT_THAT(got.body, HasSubstr(R"("canary":{"store":{"state":"ok","latency_ms":0)"));
    EXPECT_THAT(got.body, HasSubstr(R"("stream":{"state":"ok","latency_ms":0)"));
    EXPECT_THAT(got.body, HasSubstr(R"("topic":{"state":"ok","latency_ms":0)"));
    EXPECT_THAT(got.body, HasSubstr(R"("activeSessions":12,"distributedSessions":40,"activeStreams":6)"));
}

TEST_F(CanaryRounds, AStoreThatDoesNotAnswerDegradesAndTakesNobodyOut) {
    store_answers = false;
    start();
    host.advance(2 * kInterval + 1);
    EXPECT_EQ(get("/health/ready", SH_LISTENER_PUBLIC).body, R"({"status":"degraded"})");
    EXPECT_EQ(get("/health/ready", SH_LISTENER_PUBLIC).status, 200u);
    EXPECT_EQ(get("/health/distributed").status, 503u);
    EXPECT_EQ((host.metric_values["canary_failures_total{probe=store}"]), 2);
    ASSERT_EQ(get("/metrics").status, 200u);
    EXPECT_EQ(host.metric_values["degraded"], 1);
    EXPECT_EQ(host.metric_values["ready"], 1);
    store_answers = true;
    host.advance(2 * kInterval);
    EXPECT_EQ(get("/health/ready", SH_LISTENER_PUBLIC).body, R"({"status":"ok"})");
    ASSERT_EQ(get("/metrics").status, 200u);
    EXPECT_EQ(host.metric_values["degraded"], 0);
}

TEST_F(CanaryRounds, AFailureIsCountedOnceHoweverLateItIsTold) {
    store_fails_late = true;
    start();
    host.advance(3 * kInterval);
    EXPECT_THAT(get("/health").body, HasSubstr(R"("failures":3)"));
    EXPECT_EQ((host.metric_values["canary_failures_total{probe=store}"]), 3);
}

TEST_F(CanaryRounds, AStoreThatTakesNoCommandFailsTheProbeToo) {
    store_refuses = true;
    start();
    host.advance(kInterval + 1);
    EXPECT_THAT(get("/health").body, HasSubstr(R"("canary":{"store":{"state":"failing")"));
}

TEST_F(CanaryRounds, AMessageThatIsLostOnTheWayIsNoticed) {
    topics_deliver = false;
    start();
    host.advance(2 * kInterval + 1);
    EXPECT_THAT(get("/health").body, HasSubstr("a message to ourselves does not come back"));
    topics_deliver = true;
    host.advance(kInterval + 1);
    EXPECT_THAT(get("/health").body, HasSubstr(R"("topic":{"state":"ok")"));
}

TEST_F(CanaryRounds, AnEntryThatIsStoredAndNotToldOfIsSeenWithinFiveSeconds) {
    start();
    channel_delivers = false;
    host.advance(5'000);
    EXPECT_THAT(get("/health").body, HasSubstr("an entry that was written does not come back"));
    EXPECT_EQ(get("/health/ready", SH_LISTENER_PUBLIC).status, 200u);
    EXPECT_EQ((host.metric_values["canary_failing{probe=stream}"]), 1);
    EXPECT_EQ((host.metric_values["canary_failing{probe=store}"]), 0);
    host.advance(10 * kInterval);
    EXPECT_EQ(lines_with("the canary does not come back"), 1u);
    channel_delivers = true;
    host.advance(kInterval + 1);
    EXPECT_THAT(get("/health").body, HasSubstr(R"("stream":{"state":"ok")"));
    EXPECT_EQ((host.metric_values["canary_failing{probe=stream}"]), 0);
    EXPECT_EQ(lines_with("the canary comes back"), 1u);
    EXPECT_EQ(claimed.size(), 1u) << "the store took all of them: the stream goes on";
}

TEST_F(CanaryRounds, AStreamThatTookManyEntriesEndsAndAnotherOneBegins) {
    start();
    host.advance(static_cast<std::int64_t>(StreamProbe::kEntries) * kInterval);
    EXPECT_EQ(claimed.size(), 2u);
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(heads.front().seq, StreamProbe::kEntries);
    EXPECT_EQ(streamhost::home_of(claimed[0]), home);
    EXPECT_EQ(streamhost::home_of(claimed[1]), home);
    EXPECT_EQ(subscribes, 1);
    EXPECT_EQ((host.metric_values["canary_failures_total{probe=stream}"]), 0);
}

TEST_F(CanaryRounds, AfterARefusalOrWithoutAnAnswerTheStreamIsLeft) {
    start();
    appends = SH_FENCED;
    host.advance(kInterval);
    EXPECT_EQ((host.metric_values["canary_failures_total{probe=stream}"]), 1);
    appends = SH_OK;
    host.advance(kInterval);
    EXPECT_EQ(claimed.size(), 2u);
    append_answers = false;
    host.advance(kInterval);
    append_answers = true;
    host.advance(kInterval);
    EXPECT_EQ(claimed.size(), 3u) << "nobody knows how the former one stands";
    EXPECT_THAT(get("/health").body, HasSubstr(R"("stream":{"state":"ok")"));
}

TEST_F(CanaryRounds, AStoreThatDoesNotListenIsAskedAgain) {
    listens = SH_UNAVAILABLE;
    start();
    host.advance(kInterval);
    EXPECT_TRUE(claimed.empty());
    EXPECT_THAT(get("/health").body, HasSubstr(R"("stream":{"state":"failing")"));
    listens = SH_OK;
    host.advance(kInterval);
    EXPECT_THAT(get("/health").body, HasSubstr(R"("stream":{"state":"ok")"));
}

TEST_F(CanaryRounds, WhatOthersWriteIsNotOurs) {
    channel_delivers = false;
    start();
    tell_record("canary-0123456789abcdef.1", "1");
    tell_record(home + ".1", "");
    tell_record(home + ".1", "999");
    EXPECT_THAT(get("/health").body, HasSubstr(R"("stream":{"state":"unknown")"));
}

TEST_F(CanaryRounds, AForeignMessageOnTheTopicIsIgnored) {
    topics_deliver = false;
    start();
    deliver("t", "not a number");
    deliver("t", "999999");
    deliver("t", "");
    host.run();
    EXPECT_THAT(get("/health").body, HasSubstr(R"("topic":{"state":"unknown")"));
    EXPECT_TRUE(host.lines.empty());
}

}  // namespace
}  // namespace health
