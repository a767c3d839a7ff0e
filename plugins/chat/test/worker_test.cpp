// Runs over a queue, from the message to its end, whoever dies in between.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "worker_fixture.hpp"

namespace chat {
namespace {

using ChatWorker = testing::WorkerFixture;

TEST_F(ChatWorker, AMessageGoesOverTheQueueAndComesBackWordByWord) {
    start_node("fail", true);
    const Answer answer = send("\"one two three\"");
    ASSERT_EQ(answer.status, SH_OK);
    const std::string run = run_of(answer);
    EXPECT_EQ(metric("runs_waiting_for_worker"), 1);
    host.advance(1'000);
    const auto& stream = cache.streams[run];
    EXPECT_EQ(stream.text(), "one two three");
    EXPECT_NE(stream.end().find("\"complete\""), std::string::npos);
    EXPECT_EQ(stream.claims, 1u);
    const auto& session = cache.streams["s"].entries;
    ASSERT_EQ(session.size(), 5u) << "the same as with a local run";
    EXPECT_EQ(session[2].second, R"({"kind":"run","run":")" + run + R"(","state":"active"})");
    EXPECT_NE(session[3].second.find(R"("content":"one two three")"), std::string::npos);
    EXPECT_EQ(session[4].second,
              R"({"kind":"run","run":")" + run + R"(","state":"ended","outcome":"complete"})");
    host.advance(1'000);
    EXPECT_TRUE(cache.open.empty());
    EXPECT_EQ(cache.acked, std::vector<std::string>{"1"});
    EXPECT_EQ(metric("runs_taken_total"), 1);
    EXPECT_EQ(metric("runs_taken_over_total"), 0);
    EXPECT_EQ(metric("runs_waiting_for_worker"), 0);
    EXPECT_EQ(metric("runs_held_by_worker"), 0);
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
}

TEST_F(ChatWorker, APlaceThatComesFreeIsFilledAtOnce) {
    config.set("worker.max_runs", std::int64_t{1});
    start_node("fail", true);
    std::vector<std::string> runs;
    for (const char* content : {"\"one\"", "\"two\"", "\"three\""})
        runs.push_back(run_of(send(content)));
    host.advance(kTickMs + kTickMs / 2);
    for (const std::string& run : runs)
        EXPECT_NE(cache.streams[run].end().find("\"complete\""), std::string::npos);
}

TEST_F(ChatWorker, ASessionThatOneNodeKeepsIsNoWorkForOthers) {
    start_node("fail", true);
    cache.policy = SH_POLICY_MEMORY;
    const Answer answer = send("\"hello\"");
    EXPECT_EQ(answer.status, SH_INVALID);
    EXPECT_NE(answer.detail.find("store.policies"), std::string::npos) << answer.detail;
    host.advance(1'000);
    EXPECT_TRUE(cache.streams.empty());
    EXPECT_TRUE(cache.queues["runs"].empty());
}

TEST_F(ChatWorker, WithoutAWorkerARunWaitsDegradesTheNodeAndEndsUnavailable) {
    start_node("fail", false, 10'000);
    const std::string run = run_of(send("\"hello\""));
    host.advance(4'900);
    EXPECT_NE(host.health["workers"], SH_HEALTH_DEGRADED);
    host.advance(2'000);
    EXPECT_EQ(host.health["workers"], SH_HEALTH_DEGRADED);
    EXPECT_EQ(cache.streams[run].end(), "");
    host.advance(4'000);
    EXPECT_EQ(
        cache.streams[run].end(),
        R"("outcome":"error","error":{"code":"unavailable","message":"No worker took this message in time."})");
    EXPECT_EQ(last(), R"({"kind":"run","run":")" + run + R"(","state":"ended","outcome":"error"})");
    host.advance(1'000);
    EXPECT_EQ(host.health["workers"], SH_HEALTH_OK);
    EXPECT_EQ(metric("runs_without_worker_total"), 1);
    EXPECT_TRUE(cache.open.empty());
}

TEST_F(ChatWorker, APushThatFailsOrIsLostIsRepeated) {
    start_node("fail", false);
    cache.failures["job_push"] = {SH_UNAVAILABLE, SH_FULL};
    (void)send("\"hello\"");
    host.advance(1'000);
    EXPECT_EQ(cache.queues["runs"].size(), 1u);
    cache.queues["runs"].clear();  // a failover lost it
    host.advance(6'000);
    EXPECT_EQ(cache.queues["runs"].size(), 1u);
}

TEST_F(ChatWorker, ARunWhoseNodeIsGoneBeforeAWorkerTookItIsQueuedByAnother) {
    start_node("fail", true);
    const std::string run = begun_elsewhere("one two", {}, {}, 0);
    host.advance(8'000);
    EXPECT_EQ(cache.streams[run].text(), "one two");
    EXPECT_EQ(cache.streams[run].claims, 1u);
}

TEST_F(ChatWorker, ARunWhoseWorkerAndMasterAreLostAtOnceIsQueuedAgain) {
    start_node("continue", false);
    const std::string run = run_of(send("\"one two\""));
    cache.queues["runs"].clear();
    cache.streams[run].claims = 1;
    cache.streams[run].has_lease = true;
    host.advance(1'000);
    cache.streams[run].claims = 0;
    cache.streams[run].has_lease = false;
    cache.change_master();
    host.advance(9'000);
    EXPECT_EQ(cache.queues["runs"].size(), 1u);
}

TEST_F(ChatWorker, ARunWhoseJobComesBehindItsClaimIsProduced) {
    start_node("fail", true);
    const std::string run = begun_elsewhere("one two", {}, {}, 0);
    const std::string job = std::exchange(cache.streams[run].job, "");
    cache.push("runs", payload_of({.run = run}));
    host.advance(2'000);
    ASSERT_EQ(cache.streams[run].claims, 1u);
    EXPECT_EQ(cache.streams[run].end(), "");
    cache.streams[run].job = job;
    host.advance(1'000);
    EXPECT_EQ(cache.streams[run].text(), "one two");
    EXPECT_NE(cache.streams[run].end().find("\"complete\""), std::string::npos);
}

TEST_F(ChatWorker, AJobThatCannotBeReadEndsWithAnError) {
    start_node("fail", true);
    const std::string run = begun_elsewhere("one two", {}, {}, 0);
    cache.streams[run].job = "{";
    cache.push("runs", payload_of({.run = run}));
    host.advance(8'000);
    EXPECT_NE(cache.streams[run].end().find("The job is unreadable."), std::string::npos);
}

TEST_F(ChatWorker, ContinueGoesOnBehindTheLastWord) {
    start_node("continue", true);
    host.advance(20'000);
    const std::string run =
        begun_elsewhere("one two three four", {"one ", "two "}, {.policy = Policy::go_on});
    const std::int64_t died_ms = host.now_ms();
    while (cache.streams[run].end().empty() && host.now_ms() < died_ms + 20'000)
        host.advance(100);
    EXPECT_LE(host.now_ms() - died_ms, 7'000);
    const auto& entries = cache.streams[run].entries;
    ASSERT_EQ(entries.size(), 5u) << "each word once";
    EXPECT_EQ(entries[2].second, "three ");
    EXPECT_EQ(entries[3].second, "four");
    EXPECT_NE(cache.streams[run].end().find("\"complete\""), std::string::npos);
    EXPECT_NE(last(1).find(R"("content":"one two three four")"), std::string::npos);
    EXPECT_EQ(metric("runs_taken_over_total"), 1);
}

TEST_F(ChatWorker, RestartEndsTheRunAndAnswersTheMessageInANewOne) {
    start_node("restart", true);
    host.advance(20'000);
    const std::string run = begun_elsewhere("one two", {"one "}, {.policy = Policy::start_over});
    host.advance(8'000);
    EXPECT_NE(cache.streams[run].end().find("\"outcome\":\"lost\""), std::string::npos);
    std::string fresh;
    for (const auto& [type, data] : cache.streams["s"].entries) {
        if (streamhost::own_member(data, "replaces") == run) fresh = streamhost::own_member(data, "run");
    }
    ASSERT_FALSE(fresh.empty()) << "the session hears which run answers instead";
    EXPECT_EQ(cache.streams[fresh].text(), "one two");
    EXPECT_EQ(cache.streams[fresh].user, "ann");
    EXPECT_NE(cache.streams[fresh].end().find("\"complete\""), std::string::npos);
    EXPECT_EQ(job_of(cache.streams[fresh].job).remote->origin, run);
    EXPECT_EQ(job_of(cache.streams[fresh].job).remote->earlier, 1u);
    host.advance(10'000);
    EXPECT_TRUE(cache.open.empty());
}

TEST_F(ChatWorker, ARestartThatNothingWasSeenOfIsTheSameRun) {
    start_node("restart", true);
    host.advance(20'000);
    const std::string run = begun_elsewhere("one two", {}, {.policy = Policy::start_over});
    host.advance(8'000);
    EXPECT_EQ(cache.streams[run].text(), "one two");
}

TEST_F(ChatWorker, ANewRunThatCannotBeStoredLeavesALostOne) {
    start_node("restart", true);
    host.advance(20'000);
    const std::string run = begun_elsewhere("one two", {"one "}, {.policy = Policy::start_over});
    cache.failures["store send"] = {SH_TIMEOUT, SH_FULL};
    host.advance(9'000);
    EXPECT_NE(cache.streams[run].end().find("\"outcome\":\"lost\""), std::string::npos);
    EXPECT_EQ(last(), R"({"kind":"run","run":"s.far","state":"ended","outcome":"lost"})");
}

TEST_F(ChatWorker, FailEndsWithLostWithinTenSeconds) {
    start_node("fail", true);
    host.advance(20'000);
    const std::string run = begun_elsewhere("one two", {"one "}, {.policy = Policy::fail});
    const std::int64_t died_ms = host.now_ms();
    while (cache.streams[run].end().empty() && host.now_ms() < died_ms + 20'000)
        host.advance(100);
    EXPECT_LE(host.now_ms() - died_ms, 10'000);
    EXPECT_NE(cache.streams[run].end().find("\"outcome\":\"lost\""), std::string::npos);
    EXPECT_EQ(metric("runs_lost_total"), 1);
}

TEST_F(ChatWorker, AReapedRunThatFindsNoWorkerIsLostWithinTenSeconds) {
    start_node("continue", false);
    host.advance(20'000);
    const std::string run = begun_elsewhere("one two", {"one "}, {.policy = Policy::go_on});
    const std::int64_t died_ms = host.now_ms();
    while (cache.streams[run].end().empty() && host.now_ms() < died_ms + 20'000)
        host.advance(100);
    EXPECT_LE(host.now_ms() - died_ms, 10'000);
    EXPECT_NE(cache.streams[run].end().find("\"outcome\":\"lost\""), std::string::npos);
    EXPECT_EQ(last(), R"({"kind":"run","run":"s.far","state":"ended","outcome":"lost"})");
}

TEST_F(ChatWorker, TooManyDeliveriesEndWithAnError) {
    start_node("continue", true);
    host.advance(20'000);
    const std::string run = begun_elsewhere("one two", {"one "}, {.policy = Policy::go_on}, 3);
    host.advance(8'000);
    EXPECT_NE(cache.streams[run].end().find(R"("outcome":"error","error":{"code":"internal")"),
              std::string::npos);
    EXPECT_EQ(metric("runs_given_up_total"), 1);
}

TEST_F(ChatWorker, AJobThatKillsEachWorkerBeforeItsClaimIsGivenUp) {
    start_node("continue", true);
    const std::string run = begun_elsewhere("one two", {}, {.policy = Policy::go_on}, 0);
    cache.queues["runs"].push_back({"9", payload_of({.run = run}), 4});
    host.advance(1'000);
    EXPECT_NE(cache.streams[run].end().find("\"internal\""), std::string::npos);
    EXPECT_EQ(metric("runs_given_up_total"), 1);
}

TEST_F(ChatWorker, ASecondJobForARunThatSomebodyProducesIsThrownAway) {
    start_node("continue", true);
    const std::string run = begun_elsewhere("one two", {"one "}, {.policy = Policy::go_on});
    cache.streams[run].has_lease = true;
    cache.push("runs", payload_of({.run = run}));
    cache.push("runs", "somebody else's");
    host.advance(1'000);
    EXPECT_EQ(cache.streams[run].claims, 1u);
    EXPECT_EQ(cache.streams[run].entries.size(), 1u);
    EXPECT_EQ(cache.acked.size(), 2u);
    EXPECT_EQ(metric("runs_held_by_worker"), 0);
}

TEST_F(ChatWorker, AZombiesAppendsAreRefusedAndItLetsGo) {
    start_node("continue", true);
    cache.failures["write"] = {SH_OK, SH_FENCED};
    cache.failures["finish"] = {SH_FENCED};
    const std::string run = run_of(send("\"one two three\""));
    host.advance(1'000);
    EXPECT_EQ(cache.streams[run].text(), "one ");
    EXPECT_EQ(cache.streams[run].end(), "") << "its end is the new producer's";
    EXPECT_EQ(metric("runs_fenced_total"), 1);
    EXPECT_EQ(metric("runs_held_by_worker"), 0);
    EXPECT_EQ((host.metric_values["provider_errors_total{provider=echo,code=unavailable}"]), 0);
}

TEST_F(ChatWorker, ASilentZombieFindsOutByLooking) {
    start_node("continue", true);
    holds_threads = true;
    const std::string run = run_of(send("\"one two\""));
    host.advance(1'000);
    EXPECT_EQ(metric("runs_held_by_worker"), 1);
    cache.streams[run].fence += 1;  // another worker claimed it
    host.advance(3'000);
    EXPECT_EQ(metric("runs_fenced_total"), 1);
    EXPECT_EQ(metric("runs_held_by_worker"), 0);
    let_threads_go();
    EXPECT_TRUE(cache.streams[run].entries.empty()) << "nothing of it is shown";
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
}

TEST_F(ChatWorker, ACancelOnAnotherNodeStopsTheProviderAtOnce) {
    start_node("fail", true);
    holds_threads = true;
    const std::string run = run_of(send("\"one two\""));
    host.advance(1'000);
    auto& stream = cache.streams[run];
    stream.entries.emplace_back(SH_RECORD_END, cancelled_end("user"));
    stream.state = SH_STREAM_CANCELLED;
    cache.say(kControlTopic, cancel_message(run));
    host.run();
    EXPECT_EQ(last(), R"({"kind":"run","run":")" + run + R"(","state":"ended","outcome":"cancelled"})");
    let_threads_go();
    EXPECT_EQ(stream.entries.size(), 1u);
    EXPECT_EQ((host.metric_values["runs_total{provider=echo,outcome=cancelled}"]), 1);
}

TEST_F(ChatWorker, AFalseCancelStopsNothing) {
    start_node("fail", true);
    holds_threads = true;
    const std::string run = run_of(send("\"one two\""));
    host.advance(1'000);
    cache.say(kControlTopic, cancel_message(run));
    cache.say(kControlTopic, "nonsense");
    let_threads_go();
    host.advance(1'000);
    EXPECT_EQ(cache.streams[run].text(), "one two");
}

TEST_F(ChatWorker, CancelOfAWaitingRunTellsTheWorkers) {
    start_node("fail", false);
    const std::string run = run_of(send("\"hello\""));
    EXPECT_EQ(cancel(run).status, SH_OK);
    ASSERT_EQ(cache.topics.size(), 1u);
    EXPECT_EQ(cache.topics[0].first, kControlTopic);
    EXPECT_EQ(cache.topics[0].second, R"({"cancel":")" + run + R"("})");
    EXPECT_EQ(last(), R"({"kind":"run","run":")" + run + R"(","state":"ended","outcome":"cancelled"})");
    EXPECT_EQ(metric("runs_waiting_for_worker"), 0);
}

TEST_F(ChatWorker, AWorkerTakesNoMoreThanItHasPlacesFor) {
    config.set("worker.max_runs", std::int64_t{2});
    start_node("fail", true);
    holds_threads = true;
    for (int message = 0; message < 5; ++message)
        (void)send("\"hello\"");
    host.advance(3'000);
    EXPECT_EQ(metric("runs_held_by_worker"), 2);
    EXPECT_EQ(cache.queues["runs"].size(), 3u);
    let_threads_go();
    host.advance(5'000);
    EXPECT_EQ((host.metric_values["runs_total{provider=echo,outcome=complete}"]), 5);
}

TEST_F(ChatWorker, AWorkerThatWouldHandOnIsRefused) {
    host.create<Chat>();
    config.set("provider", std::string("far"))
        .set("providers.far.type", std::string("remote"))
        .set("worker.enabled", true);
    EXPECT_EQ(host.configure(config), SH_INVALID);
    EXPECT_NE(std::string(host.error.text).find("plugins.chat.worker.provider: far is of type remote"),
              std::string::npos)
        << host.error.text;
    config.set("worker.provider", std::string("nobody"));
    EXPECT_EQ(host.configure(config), SH_INVALID);
}

}  // namespace
}  // namespace chat
