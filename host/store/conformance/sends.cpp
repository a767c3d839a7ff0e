// A message and its run, in one step.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

struct Message {
    std::string home;
    std::string run;
    std::vector<Entry> entries{entry("hi"), entry(R"({"state":"pending"})", Type::kRun)};

    [[nodiscard]] SendRequest request(std::string_view key = "key", std::string_view hash = "hash") const {
        return {.home = home,
                .key = key,
                .content_hash = hash,
                .run = run,
                .entries = entries,
                .job = "the job",
                .answer = "the answer",
                .user = "ann"};
    }
};

Message message_in(const std::string& home, const std::string& local = "r1") {
    return {home, home + "." + local, {entry("hi"), entry(R"({"state":"pending"})", Type::kRun)}};
}

TEST_P(Sends, WritesMessageRunAndKeyInOneStep) {
    const auto message = message_in(fresh_home());
    const auto reply = send(message.request());
    EXPECT_EQ(reply.status, Status::kOk);
    EXPECT_EQ(reply.first, 1U);
    EXPECT_EQ(reply.last.seq, 2U);
    EXPECT_EQ(reply.answer, "the answer");
    EXPECT_EQ(reply.user, "ann");

    const auto log = read(message.home);
    ASSERT_EQ(log.records.size(), 2U);
    EXPECT_EQ(log.records[0].type, Type::kMessage);
    EXPECT_EQ(log.records[1].type, Type::kRun);

    const auto listed = runs(message.home);
    ASSERT_EQ(listed.items.size(), 1U);
    EXPECT_EQ(listed.items[0].id, message.run);
    EXPECT_EQ(listed.items[0].job, "the job");
    EXPECT_EQ(listed.items[0].user, "ann");
    EXPECT_EQ(listed.items[0].info.mode, Mode::kOwned);
    EXPECT_EQ(listed.items[0].info.state, State::kOpen);
    EXPECT_EQ(listed.items[0].info.fence, 0U);
    EXPECT_EQ(listed.items[0].info.head.seq, 0U);
}

TEST_P(Sends, ARepeatAnswersTheFirstAndMakesNoSecondRun) {
    const auto first = message_in(fresh_home());
    const auto sent = send(first.request());
    auto again = message_in(first.home, "r2");  // a retry has made new ids
    SendRequest request = again.request();
    request.answer = "another answer";
    const auto reply = send(request);
    EXPECT_EQ(reply.status, Status::kDuplicate);
    EXPECT_EQ(reply.answer, "the answer");
    EXPECT_EQ(reply.first, sent.first);
    EXPECT_EQ(reply.last, sent.last);
    EXPECT_EQ(runs(first.home).items.size(), 1U);
    EXPECT_EQ(tail({again.run}).items.at(0).status, Status::kNoStream);
    EXPECT_EQ(read(first.home).records.size(), 2U);
}

TEST_P(Sends, TheSameKeyWithAnotherHashConflicts) {
    const auto first = message_in(fresh_home());
    ASSERT_EQ(send(first.request("key", "hash")).status, Status::kOk);
    const auto other = message_in(first.home, "r2");
    EXPECT_EQ(send(other.request("key", "hash2")).status, Status::kConflict);
    EXPECT_EQ(tail({other.run}).items.at(0).status, Status::kNoStream);
    EXPECT_EQ(send(other.request("key2", "hash2")).status, Status::kOk);
}

TEST_P(Sends, ARunIdIsNeverReused) {
    const auto message = message_in(fresh_home());
    ASSERT_EQ(send(message.request("k1")).status, Status::kOk);
    EXPECT_EQ(send(message.request("k2")).status, Status::kConflict);
    ASSERT_EQ(finish(message.run, State::kCancelled, "").status, Status::kOk);
    EXPECT_EQ(send(message.request("k3")).status, Status::kConflict);
    EXPECT_EQ(read(message.home).records.size(), 2U);
}

TEST_P(Sends, SendKeysAndPublishKeysAreTwoWindows) {
    const auto message = message_in(fresh_home());
    ASSERT_EQ(publish(message.home, "key", entries_of({"a"})).status, Status::kOk);
    EXPECT_EQ(send(message.request("key")).status, Status::kOk);
    EXPECT_EQ(publish(message.home, "key", entries_of({"a"})).status, Status::kDuplicate);
}

TEST_P(Sends, AStrangerIsForbiddenOnRequest) {
    const auto mine = message_in(fresh_home());
    ASSERT_EQ(send(mine.request()).status, Status::kOk);
    const auto theirs = message_in(mine.home, "r2");
    SendRequest request = theirs.request("key2");
    request.user = "bob";
    request.access = Access::kOwner;
    EXPECT_EQ(send(request).status, Status::kForbidden);
    EXPECT_EQ(tail({theirs.run}).items.at(0).status, Status::kNoStream);
    request.access = Access::kAny;
    EXPECT_EQ(send(request).status, Status::kOk);
    EXPECT_EQ(tail({theirs.run}).items.at(0).user, "bob");
}

TEST_P(Sends, AnOwnedHomeConflicts) {
    const auto message = message_in(fresh_home());
    produce(message.home);
    EXPECT_EQ(send(message.request()).status, Status::kConflict);
    EXPECT_EQ(tail({message.run}).items.at(0).status, Status::kNoStream);
}

TEST_P(Sends, TheWorkerFindsItsJobUntilTheEnd) {
    const auto message = message_in(fresh_home());
    ASSERT_EQ(send(message.request()).status, Status::kOk);
    const auto taken =
        claim({.id = message.run, .pid = 5, .lease_ms = 6000, .if_missing = IfMissing::kRefuse});
    EXPECT_EQ(taken.status, Status::kOk);
    EXPECT_EQ(taken.job, "the job");
    EXPECT_EQ(taken.user, "ann");
    Producer worker{message.run, taken.info.fence, 5, taken.info.head};
    ASSERT_EQ(write(worker, {"answer"}).status, Status::kOk);
    ASSERT_EQ(end(worker).status, Status::kOk);
    const auto listed = runs(message.home);
    ASSERT_EQ(listed.items.size(), 1U);
    EXPECT_EQ(listed.items[0].info.state, State::kComplete);
    EXPECT_EQ(listed.items[0].job, "");
}

TEST_P(Sends, ARunThatNobodyClaimedCanBeCancelled) {
    const auto message = message_in(fresh_home());
    ASSERT_EQ(send(message.request()).status, Status::kOk);
    EXPECT_EQ(finish(message.run, State::kCancelled, "c").status, Status::kOk);
    EXPECT_EQ(claim({.id = message.run, .pid = 5, .lease_ms = 6000}).status, Status::kEnded);
}

TEST_P(Sends, RepeatsInFlightMakeOneRun) {
    const auto home = fresh_home();
    std::vector<Message> tries;
    for (int i = 0; i < 6; ++i)
        tries.push_back(message_in(home, "r" + std::to_string(i)));
    std::vector<PendingPtr<PublishReply>> sends;
    for (const Message& message : tries)
        sends.push_back(start<PublishReply>(
            [&](PublishDone done) { return store().streams().send(message.request(), std::move(done)); }));
    int fresh = 0;
    for (const auto& pending : sends)
        fresh += await(pending).status == Status::kOk;
    EXPECT_EQ(fresh, 1);
    EXPECT_EQ(runs(home).items.size(), 1U);
    EXPECT_EQ(read(home).records.size(), 2U);
}

TEST_P(Sends, AHomeHasABoundOfRuns) {
    Limits limits = driver_limits();
    limits.home_runs = 3;
    use(limits);
    const auto home = fresh_home();
    for (const char* local : {"a", "b", "c"})
        ASSERT_EQ(send(message_in(home, local).request(local)).status, Status::kOk);
    EXPECT_EQ(send(message_in(home, "d").request("d")).status, Status::kFull);
    EXPECT_EQ(claim({.id = home + ".e", .pid = 1, .lease_ms = 100}).status, Status::kFull);
    EXPECT_EQ(send(message_in(home, "c").request("c")).status, Status::kDuplicate);
    EXPECT_EQ(read(home).records.size(), 6U);
    const auto listed = runs(home);
    ASSERT_EQ(listed.items.size(), 3U);
    EXPECT_EQ(listed.items[0].id, home + ".a");
    EXPECT_EQ(listed.items[2].id, home + ".c");
}

TEST_P(Sends, KeysAreForgottenBehindTooManyOthers) {
    Limits limits = driver_limits();
    limits.send_keys = 3;
    use(limits);
    const auto home = fresh_home();
    for (const char* key : {"a", "b", "c"})
        ASSERT_EQ(send(message_in(home, key).request(key)).status, Status::kOk);
    EXPECT_EQ(send(message_in(home, "x").request("a")).status, Status::kDuplicate);
    ASSERT_EQ(send(message_in(home, "d").request("d")).status, Status::kOk);
    EXPECT_EQ(send(message_in(home, "y").request("a")).status, Status::kOk);
}

TEST_P(Sends, JobAnswerAndHashMayBeLarge) {
    const auto message = message_in(fresh_home());
    const std::string job(1 << 20, '\0');
    const std::string answer(4096, 'a');
    const std::string hash(64, '\xee');
    SendRequest request = message.request("k", hash);
    request.job = job;
    request.answer = answer;
    ASSERT_EQ(send(request).status, Status::kOk);
    const auto again = send(request);
    EXPECT_EQ(again.status, Status::kDuplicate);
    EXPECT_EQ(again.answer, answer);
    EXPECT_EQ(runs(message.home).items.at(0).job, job);
}

}  // namespace
}  // namespace streamhost::store::conformance
