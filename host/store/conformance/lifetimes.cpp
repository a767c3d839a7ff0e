// What is forgotten when, and what keeps it alive. Times come from the bench's limits, which are short where
// they take real time.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

TEST_P(Lifetimes, AnEndedRunIsForgottenAfterItsTime) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a"}).status, Status::kOk);
    ASSERT_EQ(end(producer).status, Status::kOk);
    const auto home = producer.id.substr(0, producer.id.find('.'));
    bench_->advance(bench_->limits().run_ended_ms / 2);
    EXPECT_EQ(read(producer.id).records.size(), 2U);
    EXPECT_EQ(runs(home).items.size(), 1U);
    pass(bench_->limits().run_ended_ms);
    EXPECT_EQ(read(producer.id).status, Status::kNoStream);
    EXPECT_EQ(tail({producer.id}).items.at(0).status, Status::kNoStream);
    EXPECT_TRUE(runs(home).items.empty());
    EXPECT_EQ(append(producer, records_after(producer.head, {"b"})).status, Status::kNoStream);
    // A late worker does not bring it back.
    EXPECT_EQ(claim({.id = producer.id, .pid = 1, .lease_ms = 100, .if_missing = IfMissing::kRefuse}).status,
              Status::kNoStream);
}

TEST_P(Lifetimes, ReadingAnEndedRunDoesNotKeepIt) {
    auto producer = produce();
    ASSERT_EQ(end(producer).status, Status::kOk);
    for (int i = 0; i < 4; ++i) {
        pass(bench_->limits().run_ended_ms / 3);
        read(producer.id);
        finish(producer.id, State::kLost, "");
    }
    EXPECT_EQ(read(producer.id).status, Status::kNoStream);
}

TEST_P(Lifetimes, AnOpenRunIsForgottenAfterItsTime) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a"}).status, Status::kOk);
    bench_->advance(bench_->limits().run_open_ms / 2);
    EXPECT_EQ(read(producer.id).records.size(), 1U);
    pass(bench_->limits().run_open_ms);
    EXPECT_EQ(read(producer.id).status, Status::kNoStream);
}

TEST_P(Lifetimes, AppendsAndRenewalsKeepAnOpenRun) {
    auto appends = produce();
    auto renews = produce();
    for (int i = 0; i < 6; ++i) {
        bench_->advance(bench_->limits().run_open_ms / 2);
        ASSERT_EQ(write(appends, {"a"}).status, Status::kOk) << i;
        ASSERT_EQ(renew(renews, 1000).status, Status::kOk) << i;
    }
    EXPECT_EQ(read(appends.id).records.size(), 6U);
}

TEST_P(Lifetimes, ASharedStreamGoesOnForAsLongAsItIsWritten) {
    const auto id = fresh_home();
    for (int i = 0; i < 6; ++i) {
        const auto reply = publish(id, std::to_string(i), entries_of({"a"}));
        ASSERT_EQ(reply.status, Status::kOk);
        EXPECT_EQ(reply.first, static_cast<std::uint64_t>(i + 1)) << "numbers must not start again";
        bench_->advance(bench_->limits().shared_ms / 2);
    }
    EXPECT_EQ(read(id).records.size(), 6U);
    pass(bench_->limits().shared_ms);
    EXPECT_EQ(read(id).status, Status::kNoStream);
}

TEST_P(Lifetimes, ASendKeepsTheHome) {
    const auto home = fresh_home();
    const auto entries = entries_of({"m"});
    for (int i = 0; i < 4; ++i) {
        const auto run_id = home + "." + std::to_string(i);
        const auto key = std::to_string(i);
        ASSERT_EQ(
            send({.home = home, .key = key, .content_hash = "h", .run = run_id, .entries = entries}).first,
            static_cast<std::uint64_t>(i + 1));
        bench_->advance(bench_->limits().shared_ms / 2);
    }
    EXPECT_EQ(read(home).status, Status::kOk);
}

TEST_P(Lifetimes, APublishKeyIsRememberedForItsTime) {
    const auto id = fresh_home();
    ASSERT_EQ(publish(id, "k", entries_of({"a"})).status, Status::kOk);
    bench_->advance(bench_->limits().publish_key_ms / 2);
    EXPECT_EQ(publish(id, "k", entries_of({"a"})).status, Status::kDuplicate);
    pass(bench_->limits().publish_key_ms);
    const auto anew = publish(id, "k", entries_of({"a"}));
    EXPECT_EQ(anew.status, Status::kOk);
    EXPECT_EQ(anew.first, 2U);
}

TEST_P(Lifetimes, ASendKeyIsRememberedForItsTime) {
    const auto home = fresh_home();
    const auto entries = entries_of({"m"});
    const auto first = home + ".1";
    const auto second = home + ".2";
    SendRequest request{
        .home = home, .key = "k", .content_hash = "h", .run = first, .entries = entries, .answer = "one"};
    ASSERT_EQ(send(request).status, Status::kOk);
    bench_->advance(bench_->limits().send_key_ms / 2);
    request.run = second;
    request.answer = "two";
    EXPECT_EQ(send(request).answer, "one");
    pass(bench_->limits().send_key_ms);
    const auto anew = send(request);
    EXPECT_EQ(anew.status, Status::kOk);
    EXPECT_EQ(anew.answer, "two");
}

TEST_P(Lifetimes, FencesRiseAlsoOverAForgottenStream) {
    const auto id = fresh_run();
    const auto before = produce(id);
    pass(bench_->limits().run_open_ms);
    ASSERT_EQ(read(id).status, Status::kNoStream);
    EXPECT_GT(produce(id).fence, before.fence);
}

TEST_P(Lifetimes, HistoryIsForgottenAfterItsTime) {
    const auto home = fresh_home();
    auto& keys = store().keys();
    const auto push = [&](std::string_view id) {
        return run<HistoryReply>([&](HistoryDone done) {
            return keys.history_push({.home = home, .id = id, .data = "x"}, std::move(done));
        });
    };
    const auto list = [&] {
        return run<HistoryReply>(
            [&](HistoryDone done) { return keys.history_list({.home = home}, std::move(done)); });
    };
    ASSERT_EQ(push("1").status, Status::kOk);
    bench_->advance(bench_->limits().history_ms / 2);
    ASSERT_EQ(push("2").status, Status::kOk);
    bench_->advance(bench_->limits().history_ms / 2);
    EXPECT_EQ(list().items.size(), 2U);
    pass(bench_->limits().history_ms);
    EXPECT_TRUE(list().items.empty());
}

}  // namespace
}  // namespace streamhost::store::conformance
