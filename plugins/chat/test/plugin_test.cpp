// The plugin on the fake host: one thread and a clock that stands, so every order of events is the test's.
#include <string>

#include <gtest/gtest.h>

#include "streamhost/ids.hpp"

#include "chat_fixture.hpp"
#include "ids.hpp"

namespace chat {
namespace {

using ChatPlugin = testing::ChatFixture;

TEST_F(ChatPlugin, AMessageIsAnsweredWordByWordAndTheSessionHearsAllOfIt) {
    start();
    const Answer answer = send("\"one  two\\nthree\"");
    EXPECT_EQ(answer.count, 1);
    ASSERT_EQ(answer.status, SH_OK);
    const std::string run = run_of(answer);
    EXPECT_EQ(streamhost::home_of(run), "s");
    const auto& stream = cache.streams[run];
    ASSERT_EQ(stream.entries.size(), 4u);
    EXPECT_EQ(stream.entries[0].second, "one  ");
    EXPECT_EQ(stream.entries[1].second, "two\\n");
    EXPECT_EQ(stream.entries[2].second, "three");
    EXPECT_EQ(stream.end(),
              R"("outcome":"complete","usage":{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6})");

    const auto& session = cache.streams["s"].entries;
    ASSERT_EQ(session.size(), 5u);
    EXPECT_NE(session[0].second.find(R"("role":"user","content":"one  two\nthree","run":")" + run),
              std::string::npos);
    EXPECT_EQ(session[1].second, R"({"kind":"run","run":")" + run + R"(","state":"pending"})");
    EXPECT_EQ(session[2].second, R"({"kind":"run","run":")" + run + R"(","state":"active"})");
    EXPECT_EQ(session[3].first, static_cast<std::uint32_t>(SH_RECORD_MESSAGE));
    EXPECT_NE(session[3].second.find(R"("role":"assistant","content":"one  two\nthree","run":")" + run +
                                     R"(","outcome":"complete","ts":)"),
              std::string::npos);
    EXPECT_EQ(session[4].second,
              R"({"kind":"run","run":")" + run + R"(","state":"ended","outcome":"complete"})");
    EXPECT_TRUE(cache.open.empty());
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
    EXPECT_EQ((host.metric_values["runs_total{provider=echo,outcome=complete}"]), 1);
}

TEST_F(ChatPlugin, DataComesBackAsOnePart) {
    start();
    const std::string run = run_of(send("{\"a\": [1, 2]}"));
    const auto& stream = cache.streams[run];
    ASSERT_EQ(stream.entries.size(), 2u);
    EXPECT_EQ(stream.entries[0].first, static_cast<std::uint32_t>(SH_RECORD_PART));
    EXPECT_EQ(stream.entries[0].second, "{\"a\":[1,2]}");
}

TEST_F(ChatPlugin, ARepeatAnswersTheFirstAndStartsNothing) {
    start();
    const Answer first = send("\"hello\"", "k");
    const std::size_t entries = cache.streams["s"].entries.size();
    const Answer again = send("\"hello\"", "k");
    EXPECT_EQ(again.status, SH_OK);
    EXPECT_EQ(again.body, first.body);
    EXPECT_NE(again.flags & SH_RESULT_DUPLICATE, 0u);
    EXPECT_EQ(cache.streams["s"].entries.size(), entries);
    EXPECT_EQ(send("\"other\"", "k").status, SH_CONFLICT);
    EXPECT_TRUE(cache.open.empty());
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
}

TEST_F(ChatPlugin, AStoredMessageWhoseAnswerWasLostIsRepeatedAndRunsOnce) {
    start();
    cache.failures["send answer"] = {SH_TIMEOUT};
    Answer answer;
    post(answer, "\"hello\"");
    host.run();
    EXPECT_EQ(answer.count, 0);
    host.advance(1'000);
    ASSERT_EQ(answer.count, 1);
    EXPECT_EQ(answer.status, SH_OK);
    EXPECT_EQ(answer.flags & SH_RESULT_DUPLICATE, 0u) << "the client asked once";
    EXPECT_EQ(cache.streams[run_of(answer)].text(), "hello");
    EXPECT_EQ(cache.streams["s"].entries.size(), 5u);
}

TEST_F(ChatPlugin, BadRequestsAreRefusedAndLeaveNothing) {
    start();
    EXPECT_EQ(send("{").status, SH_INVALID);
    EXPECT_EQ(send("\"a\"", std::string(129, 'k')).status, SH_INVALID);
    EXPECT_EQ(send("\"a\"", "", "[]").status, SH_INVALID);
    EXPECT_EQ(send("\"a\"", "", "{\"provider\":\"nobody\"}").status, SH_INVALID);
    EXPECT_EQ(send("\"" + std::string(300'000, 'a') + "\"").status, SH_TOO_LARGE);
    Answer answer;
    post(answer, "\"a\"", "", "", "no spaces");
    host.run();
    EXPECT_EQ(answer.status, SH_INVALID);
    EXPECT_TRUE(cache.streams.empty());
    EXPECT_TRUE(cache.open.empty());
    EXPECT_EQ(host.open_tickets(), 0u);
}

TEST_F(ChatPlugin, WithoutAStreamcacheTheClientHearsUnavailable) {
    start();
    host.withdraw(SH_SVC_STREAMCACHE);
    Answer answer;
    post(answer, "\"a\"");
    host.advance(10'000);
    EXPECT_EQ(answer.count, 1);
    EXPECT_EQ(answer.status, SH_UNAVAILABLE);
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
}

// The store took it, and was away before it said so for longer than a send is repeated.
TEST_F(ChatPlugin, AMessageThatWasStoredUnheardIsAnsweredWhenItComesAgain) {
    start();
    cache.failures["send answer"] = std::vector<sh_status>(20, SH_UNAVAILABLE);
    send_in_vain("\"hello there\"", "k");
    ASSERT_EQ(cache.sends.size(), 1u);
    cache.failures.clear();

    const Answer again = send("\"hello there\"", "k");
    host.advance(1'000);
    ASSERT_EQ(again.status, SH_OK);
    EXPECT_EQ(cache.streams[run_of(again)].text(), "hello there");
    EXPECT_NE(cache.streams[run_of(again)].end().find("complete"), std::string::npos);
    EXPECT_EQ(cache.streams.size(), 2u) << "the session's and one run";
    EXPECT_TRUE(cache.open.empty());
    EXPECT_EQ(send("\"hello there\"", "k").flags, SH_RESULT_DUPLICATE);
}

TEST_F(ChatPlugin, UnderTheKeyOfOneThatWasGivenUpOtherWordsAreAnotherMessage) {
    start();
    cache.failures["send"] = std::vector<sh_status>(20, SH_UNAVAILABLE);
    send_in_vain("\"one\"", "k");
    cache.failures.clear();
    const Answer other = send("\"two\"", "k");
    host.advance(1'000);
    EXPECT_EQ(cache.streams[run_of(other)].text(), "two");
}

TEST_F(ChatPlugin, WithoutAThreadARunStaysPendingAndIsTriedAgain) {
    start(3);
    no_thread = true;
    const Answer first = send("\"hello\"");
    ASSERT_EQ(first.status, SH_OK);
    EXPECT_EQ(last(), R"({"kind":"run","run":")" + run_of(first) + R"(","state":"pending"})");
    EXPECT_EQ(send("\"2\"").status, SH_OK);
    EXPECT_EQ(send("\"3\"").status, SH_OK);
    EXPECT_EQ(send("\"4\"").status, SH_BUSY) << "the queue is bounded";
    EXPECT_EQ(host.metric_values["sends_refused_total"], 1);
    EXPECT_EQ(host.metric_values["runs_pending"], 3);
    host.advance(60'000);
    EXPECT_TRUE(cache.streams[run_of(first)].entries.empty()) << "nobody reaps what a live node holds";
    no_thread = false;
    host.advance(1'000);
    EXPECT_EQ(cache.streams[run_of(first)].text(), "hello");
    EXPECT_EQ(host.metric_values["runs_pending"], 0);
    EXPECT_TRUE(cache.open.empty());
}

TEST_F(ChatPlugin, WhatTheStoreLoopHasNoRoomForIsDoneByTheNextTick) {
    start();
    holds_threads = true;
    const std::string run = run_of(send("\"one two\""));
    is_store_full = true;
    let_threads_go();
    EXPECT_EQ(cache.streams[run].text(), "one two");
    EXPECT_NE(plugin->drain(5'000).left, 0u) << "nobody heard yet that the thread is back";
    host.advance(1'000);
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
    EXPECT_NE(cache.streams[run].end().find("\"complete\""), std::string::npos);
    EXPECT_EQ(last(), R"({"kind":"run","run":")" + run + R"(","state":"ended","outcome":"complete"})");
    EXPECT_TRUE(cache.open.empty());
}

// The store may answer for the end before the store loop has heard that it was sent.
TEST_F(ChatPlugin, AnEndThatIsRefusedWhileTheStoreLoopIsFullIsStoredAsItWas) {
    start();
    holds_threads = true;
    const std::string run = run_of(send("\"one two\""));
    is_store_full = true;
    cache.failures["write_end"] = {SH_UNAVAILABLE};
    let_threads_go();
    host.advance(1'000);
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
    EXPECT_NE(cache.streams[run].end().find("\"complete\""), std::string::npos) << cache.streams[run].end();
}

TEST_F(ChatPlugin, CancelOfAPendingRunEndsItAtOnce) {
    start();
    no_thread = true;
    const std::string run = run_of(send("\"hello\""));
    EXPECT_EQ(cancel(run).status, SH_OK);
    EXPECT_EQ(cache.streams[run].end(), R"("outcome":"cancelled","reason":"user")");
    EXPECT_EQ(last(), R"({"kind":"run","run":")" + run + R"(","state":"ended","outcome":"cancelled"})");
    EXPECT_EQ(cancel(run).status, SH_CONFLICT);
    no_thread = false;
    host.advance(1'000);
    EXPECT_EQ(cache.streams[run].entries.size(), 1u);
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
}

TEST_F(ChatPlugin, ARunThatAnotherNodeCancelledIsNoError) {
    start();
    holds_threads = true;
    const std::string run = run_of(send("\"one two\""));
    auto& stream = cache.streams[run];
    stream.entries.emplace_back(SH_RECORD_END, R"("outcome":"cancelled")");
    stream.state = SH_STREAM_CANCELLED;
    cache.failures["write"] = {SH_FENCED};  // the streamcache let its producer go when it heard
    let_threads_go();
    host.advance(1'000);
    EXPECT_EQ(last(), R"({"kind":"run","run":")" + run + R"(","state":"ended","outcome":"cancelled"})");
    EXPECT_EQ((host.metric_values["provider_errors_total{provider=echo,code=unavailable}"]), 0);
    EXPECT_EQ(warnings(), 0);
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
}

TEST_F(ChatPlugin, ARunThatItsStreamcacheForgotEndsWithAnErrorThatIsTold) {
    start();
    cache.failures["write"] = {SH_OK, SH_FENCED};
    const std::string run = run_of(send("\"one two\""));
    host.advance(1'000);
    EXPECT_NE(cache.streams[run].end().find(R"("code":"unavailable")"), std::string::npos);
    EXPECT_EQ((host.metric_values["provider_errors_total{provider=echo,code=unavailable}"]), 1);
    EXPECT_EQ(warnings(), 1);
}

TEST_F(ChatPlugin, CancelOfWhatIsNoRun) {
    start();
    (void)send("\"hello\"");
    EXPECT_EQ(cancel("s.unknown").status, SH_NOT_FOUND);
    EXPECT_EQ(cancel("s").status, SH_NOT_FOUND);
    EXPECT_EQ(cancel("").status, SH_NOT_FOUND);
}

TEST_F(ChatPlugin, AnEndThatCouldNotBeWrittenIsFinished) {
    start();
    cache.failures["write_end"] = {SH_FENCED};
    cache.failures["finish"] = {SH_TIMEOUT};
    const std::string run = run_of(send("\"hello\""));
    host.advance(5'000);
    EXPECT_NE(cache.streams[run].end().find("complete"), std::string::npos);
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
}

TEST_F(ChatPlugin, AWriteThatIsRefusedEndsTheRunWithAnError) {
    start();
    cache.failures["write"] = {SH_OK, SH_FULL};
    const std::string run = run_of(send("\"one two three\""));
    host.run();
    EXPECT_EQ(cache.streams[run].text(), "one ");
    EXPECT_NE(cache.streams[run].end().find(R"("outcome":"error","error":{"code":"too_large")"),
              std::string::npos);
    EXPECT_NE(last(1).find(R"("content":"one ")"), std::string::npos) << "what came is kept";
    EXPECT_EQ((host.metric_values["provider_errors_total{provider=echo,code=too_large}"]), 1);
}

// The last entries were on their way when the provider was done.
TEST_F(ChatPlugin, AnEndBehindEntriesThatTheStoreRefusedIsAnError) {
    start();
    cache.failures["write_end"] = {SH_FULL};
    const std::string run = run_of(send("\"hello\""));
    host.run();
    EXPECT_EQ(cache.streams[run].end(),
              R"("outcome":"error","error":{"code":"too_large","message":"The answer is longer than a run )"
              R"(may be: 100000 entries and 8 MiB."})");
    EXPECT_EQ(warnings(), 1);
    EXPECT_EQ(plugin->drain(5'000).left, 0u);
}

TEST_F(ChatPlugin, ConclusionsAreRepeatedUntilTheSessionHasThem) {
    start();
    cache.failures["publish"] = {SH_OK, SH_TIMEOUT, SH_OK, SH_UNAVAILABLE};
    const std::string run = run_of(send("\"hello\""));
    host.advance(5'000);
    EXPECT_EQ(last(), R"({"kind":"run","run":")" + run + R"(","state":"ended","outcome":"complete"})");
    EXPECT_EQ(cache.streams["s"].entries.size(), 5u) << "each once";
    EXPECT_TRUE(cache.open.empty());
}

TEST_F(ChatPlugin, ADrainLetsAnswersGoOnAndEndsTheRestInTime) {
    start();
    no_thread = true;
    const std::string run = run_of(send("\"hello\""));
    EXPECT_EQ(plugin->drain(5'000).left, 1u);
    host.run();
    EXPECT_EQ(cache.streams[run].end(), "");
    EXPECT_EQ(send("\"late\"").status, SH_UNAVAILABLE);
    (void)plugin->drain(1'500);
    host.run();
    EXPECT_EQ(plugin->drain(1'400).left, 0u);
    EXPECT_NE(cache.streams[run].end().find(R"("outcome":"error","error":{"code":"unavailable")"),
              std::string::npos);
}

TEST_F(ChatPlugin, ARunWhoseNodeIsGoneEndsWithLostWithinTenSeconds) {
    start();
    host.advance(20'000);
    const std::int64_t died_ms = host.now_ms();
    cache.streams["s.gone"] = {.entries = {{SH_RECORD_TEXT, "half an ans"}}, .fence = 7, .owned = true};
    cache.open["s.gone"] = died_ms + kDueMs;  // its last refresh
    while (cache.streams["s.gone"].end().empty() && host.now_ms() < died_ms + 20'000)
        host.advance(100);
    EXPECT_LE(host.now_ms() - died_ms, 10'000);
    EXPECT_NE(cache.streams["s.gone"].end().find("\"outcome\":\"lost\""), std::string::npos);
    EXPECT_NE(last(1).find(R"("content":"half an ans")"), std::string::npos);
    EXPECT_EQ(last(), R"({"kind":"run","run":"s.gone","state":"ended","outcome":"lost"})");
    EXPECT_TRUE(cache.open.empty());
    EXPECT_EQ(host.metric_values["runs_lost_total"], 1);
}

// The store tells another master of the message as this node sent it, where nobody else did so before.
TEST_F(ChatPlugin, ARunOfARepeatThatAnotherMasterIsToldOfEndsWithLost) {
    start();
    (void)send("\"hello\"", "k");
    (void)send("\"hello\"", "k");
    ASSERT_TRUE(cache.open.empty());
    host.advance(10'000);
    const std::int64_t changed_ms = host.now_ms();
    cache.change_master();
    host.run();
    ASSERT_EQ(cache.open.size(), 1u);
    const std::string run = cache.open.begin()->first;
    cache.streams[run] = {.owned = true};
    while (cache.streams[run].end().empty() && host.now_ms() < changed_ms + 20'000)
        host.advance(100);
    EXPECT_LE(host.now_ms() - changed_ms, 10'000);
    EXPECT_NE(cache.streams[run].end().find("\"outcome\":\"lost\""), std::string::npos);
    EXPECT_TRUE(cache.open.empty());
}

TEST_F(ChatPlugin, AMessageThatWasRefusedAndMayBeStoredAllTheSameEndsWithLost) {
    start();
    cache.failures["send answer"] = std::vector<sh_status>(100, SH_TIMEOUT);
    Answer answer;
    post(answer, "\"hello\"");
    host.run();
    host.advance(5'000);
    EXPECT_EQ(answer.status, SH_TIMEOUT);
    ASSERT_EQ(cache.open.size(), 1u);
    const std::string run = cache.open.begin()->first;
    cache.change_master();
    host.run();
    EXPECT_TRUE(cache.open.contains(run));
    host.advance(10'000);
    EXPECT_NE(cache.streams[run].end().find("\"outcome\":\"lost\""), std::string::npos);
}

TEST_F(ChatPlugin, ARunWhoseLeaseLivesAndOneThatWasNeverMadeAreLeftAlone) {
    start();
    cache.streams["s.alive"] = {.fence = 7, .owned = true, .has_lease = true};
    cache.open["s.alive"] = 0;
    cache.open["s.never"] = 0;
    host.advance(30'000);
    EXPECT_EQ(cache.streams["s.alive"].end(), "");
    EXPECT_TRUE(cache.open.contains("s.alive"));
    EXPECT_FALSE(cache.open.contains("s.never"));
}

TEST_F(ChatPlugin, ARunThatEndedBeforeItsNodeCouldSaySoIsConcluded) {
    start();
    cache.streams["s.half"] = {
        .entries = {{SH_RECORD_TEXT, "done"}, {SH_RECORD_END, "\"outcome\":\"complete\""}},
        .state = SH_STREAM_COMPLETE,
        .fence = 7,
        .owned = true};
    cache.open["s.half"] = 0;
    host.advance(2'000);
    EXPECT_EQ(last(), R"({"kind":"run","run":"s.half","state":"ended","outcome":"complete"})");
    EXPECT_TRUE(cache.open.empty());
}

TEST_F(ChatPlugin, AProviderThatIsNotConfiguredIsRefused) {
    host.create<Chat>();
    config.set("provider", std::string("nobody"));
    EXPECT_EQ(host.configure(config), SH_INVALID);
    EXPECT_NE(std::string(host.error.text).find("plugins.chat.provider"), std::string::npos);
}

}  // namespace
}  // namespace chat
