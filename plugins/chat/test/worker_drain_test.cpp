// A node that is stopped: what it produces, and what waits on it.
#include <string>

#include <gtest/gtest.h>

#include "worker_fixture.hpp"

namespace chat {
namespace {

using ChatWorkerDrain = testing::WorkerFixture;

TEST_F(ChatWorkerDrain, MessagesForWorkersAreTakenUntilTheClientsAreGone) {
    start_node("continue", false);
    host.phase = SH_NODE_DRAINING;
    const Answer taken = send("\"while clients are here\"");
    EXPECT_EQ(taken.status, SH_OK);
    EXPECT_EQ(cache.queues["runs"].size(), 1u);
    const Answer own = send("\"for this node\"", "", R"({"provider":"echo"})");
    EXPECT_EQ(own.status, SH_UNAVAILABLE) << "its answer might be cut short";
    EXPECT_GT(own.wait_ms, 5'000);
    (void)plugin->drain(5'000);
    host.run();
    EXPECT_EQ(send("\"afterwards\"").status, SH_UNAVAILABLE);
    EXPECT_EQ(cache.queues["runs"].size(), 1u);
}

TEST_F(ChatWorkerDrain, MessagesAreRefusedFromTheOrderOnWhereTheQueueEndsWithTheNode) {
    cache.kind = "memory";
    start_node("continue", false);
    host.phase = SH_NODE_DRAINING;
    EXPECT_EQ(send("\"hello\"").status, SH_UNAVAILABLE);
    EXPECT_TRUE(cache.open.empty());
}

TEST_F(ChatWorkerDrain, ADrainHandsOverWhatMayGoOn) {
    start_node("continue", true);
    holds_threads = true;
    const std::string run = run_of(send("\"one two\""));
    host.advance(2'000);
    host.phase = SH_NODE_DRAINING;
    EXPECT_EQ(plugin->drain(5'000).left, 2u) << "the run and its thread";
    host.run();
    (void)plugin->drain(1'500);
    host.run();
    let_threads_go();
    EXPECT_EQ(plugin->drain(1'400).left, 0u);
    EXPECT_EQ(cache.streams[run].end(), "");
    EXPECT_FALSE(cache.streams[run].has_lease);
    ASSERT_EQ(cache.queues["runs"].size(), 1u);
    EXPECT_EQ(cache.queues["runs"][0].payload, R"({"run":")" + run + R"(","seq":1,"excused":1})");
    EXPECT_EQ(metric("runs_handed_over_total"), 1);
}

TEST_F(ChatWorkerDrain, ADrainWaitsForNoQueueThatTakesNothing) {
    start_node("continue", true);
    holds_threads = true;
    (void)run_of(send("\"one two\""));
    host.advance(2'000);
    host.phase = SH_NODE_DRAINING;
    cache.failures["job_push"] = {SH_UNAVAILABLE};
    (void)plugin->drain(1'500);
    host.run();
    let_threads_go();
    EXPECT_EQ(plugin->drain(1'400).left, 0u);
    EXPECT_TRUE(cache.queues["runs"].empty()) << "it is found in the list of open runs";
}

TEST_F(ChatWorkerDrain, ADrainEndsWhatMayNot) {
    start_node("fail", true);
    holds_threads = true;
    const std::string run = run_of(send("\"one two\""));
    host.advance(1'000);
    host.phase = SH_NODE_DRAINING;
    (void)plugin->drain(1'500);
    host.run();
    let_threads_go();
    EXPECT_EQ(plugin->drain(1'400).left, 0u);
    EXPECT_NE(cache.streams[run].end().find("\"unavailable\""), std::string::npos);
}

TEST_F(ChatWorkerDrain, ADrainedNodeTakesNothingMore) {
    start_node("fail", true);
    host.phase = SH_NODE_DRAINING;
    (void)plugin->drain(5'000);
    host.run();
    const std::string run = begun_elsewhere("one two", {}, {}, 0);
    cache.push("runs", payload_of({.run = run}));
    host.advance(3'000);
    EXPECT_EQ(cache.queues["runs"].size(), 1u);
    EXPECT_EQ(cache.streams[run].claims, 0u);
}

TEST_F(ChatWorkerDrain, WhatWaitsOnADrainedNodeIsLeftToOthersAtOnce) {
    start_node("fail", false);
    const std::string run = run_of(send("\"hello\""));
    host.phase = SH_NODE_DRAINING;
    EXPECT_EQ(plugin->drain(5'000).left, 1u);
    host.run();
    EXPECT_EQ(plugin->drain(4'900).left, 0u);
    EXPECT_LE(cache.open[run], host.now_ms());
    EXPECT_EQ(cache.streams[run].end(), "");
}

TEST_F(ChatWorkerDrain, WhereTheStoreEndsWithTheNodeEverybodyIsAnswered) {
    cache.kind = "memory";
    start_node("continue", false);
    const std::string run = run_of(send("\"hello\""));
    host.phase = SH_NODE_DRAINING;
    (void)plugin->drain(5'000);
    host.run();
    EXPECT_EQ(plugin->drain(4'900).left, 1u);
    (void)plugin->drain(1'500);
    host.advance(kQueueTickMs);
    EXPECT_EQ(plugin->drain(1'000).left, 0u);
    EXPECT_NE(cache.streams[run].end().find("\"unavailable\""), std::string::npos);
}

TEST_F(ChatWorkerDrain, WhereTheStoreEndsWithTheNodeItsWorkerTakesWhatWaits) {
    cache.kind = "memory";
    config.set("worker.max_runs", std::int64_t{1});
    start_node("fail", true);
    holds_threads = true;
    (void)send("\"first\"");
    const std::string waiting = run_of(send("\"second\""));
    host.advance(2'000);
    host.phase = SH_NODE_DRAINING;
    (void)plugin->drain(20'000);
    host.run();
    let_threads_go();
    host.advance(3'000);
    EXPECT_EQ(cache.streams[waiting].text(), "second");
    EXPECT_EQ(plugin->drain(15'000).left, 0u) << "and then it does not wait for the queue";
}

}  // namespace
}  // namespace chat
