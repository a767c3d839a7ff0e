#include "bodies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report.hpp"

namespace health {
namespace {

using ::testing::HasSubstr;
using testing::ReportOptions;

Picture picture(const ReportOptions& options = {}) {
    Picture made;
    made.facts = read_report(testing::report(options));
    made.verdict = judge(made.facts, made.canary, {});
    made.wall_ms = 1'700'000'000'000;
    return made;
}

TEST(Bodies, ThePublicListenerIsShownOneWord) {
    EXPECT_EQ(plain_live(picture()).body, R"({"status":"ok"})");
    EXPECT_EQ(plain_ready(picture()).body, R"({"status":"ok"})");
    const Answer degraded = plain_ready(picture({.store = R"({"kind":"redis","state":"down"})"}));
    EXPECT_TRUE(degraded.is_good);
    EXPECT_EQ(degraded.body, R"({"status":"degraded"})");
    const Answer draining = plain_ready(picture({.phase = "draining"}));
    EXPECT_FALSE(draining.is_good);
    EXPECT_EQ(draining.body, R"({"status":"down"})");
    EXPECT_FALSE(plain_live(picture({.stuck_ms = "60000"})).is_good);
}

TEST(Bodies, TheAdminListenerIsToldWhy) {
    const Answer full = ready(picture({.connections = "100"}));
    EXPECT_FALSE(full.is_good);
    EXPECT_EQ(full.body,
              R"({"status":"down","nodeId":"n1","phase":"running","connections":100,)"
              R"("connection_limit":100,"reasons":["the node has as many connections as it may"]})");
    EXPECT_THAT(live(picture()).body, HasSubstr(R"("loops":[{"name":"loop-0")"));
    EXPECT_EQ(
        startup(picture()).body,
        R"({"status":"ok","nodeId":"n1","phase":"running","plugins":{"chat":"started","echo":"loaded"}})");
    EXPECT_FALSE(startup(picture({.phase = "starting"})).is_good);
}

TEST(Bodies, AllHasEverything) {
    const Answer answer = all(picture());
    EXPECT_TRUE(answer.is_good);
    for (const char* part :
         {R"("status":"ok")", R"("live":"ok","ready":"ok","startup":"ok")", R"("reasons":[])",
          R"("plugins":{"chat":{"enabled":true)", R"("transports":{"public":)", R"("store":{"kind":"memory")",
          R"("canary":{"store":{"state":"unknown","latency_ms":null,"since_ok_ms":null,"failures":0})"})
        EXPECT_THAT(answer.body, HasSubstr(part));
    EXPECT_TRUE(all(picture({.store = R"({"kind":"redis","state":"down"})"})).is_good);
    EXPECT_FALSE(all(picture({.phase = "draining"})).is_good);
}

TEST(Bodies, DistributedTellsWhatNodesShare) {
    Picture well = picture({.store = R"({"kind":"redis","state":"ok"})"});
    well.sessions = SessionCounts{4, 9};
    well.canary[0] = {Tweet::kOk, 2, 100, 0};
    const Answer answer = distributed(well, 5);
    EXPECT_TRUE(answer.is_good);
    EXPECT_EQ(
        answer.body,
        R"({"status":"ok","nodeId":"n1","uptime":61,"timestamp":1700000000000,)"
        R"("redis":{"status":"up","connected":true},"activeSessions":4,"distributedSessions":9,)"
        R"("activeStreams":5,"plugins":{"chat":"started","echo":"loaded"},)"
        R"("transports":{"public":{"address":"127.0.0.1:8080","websocket":"on","http":"on"}},)"
        R"("store":{"kind":"redis","state":"ok"},)"
        R"("canary":{"store":{"state":"ok","latency_ms":2,"since_ok_ms":100,"failures":0},)"
        R"("stream":{"state":"unknown","latency_ms":null,"since_ok_ms":null,"failures":0},)"
        R"("topic":{"state":"unknown","latency_ms":null,"since_ok_ms":null,"failures":0}},"reasons":[]})");
}

TEST(Bodies, WhatNobodyCountsIsNull) {
    const Answer answer = distributed(picture(), {});
    EXPECT_THAT(answer.body,
                HasSubstr(R"("redis":{"status":"unused","connected":false},"activeSessions":null,)"
                          R"("distributedSessions":null,"activeStreams":null)"));
}

TEST(Bodies, DistributedIsNotGoodWhenDegraded) {
    const Answer answer = distributed(picture({.store = R"({"kind":"redis-sentinel","state":"down"})"}), {});
    EXPECT_FALSE(answer.is_good);
    EXPECT_THAT(answer.body, HasSubstr(R"("redis":{"status":"down","connected":false})"));
}

}  // namespace
}  // namespace health
