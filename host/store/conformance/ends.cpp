// How owned streams end: one slot, and the first one gets it.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

TEST_P(OwnedStreams, TheEndClosesTheStream) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a"}).status, Status::kOk);
    const auto reply = end(producer, State::kComplete);
    EXPECT_EQ(reply.status, Status::kOk);
    EXPECT_EQ(reply.info.state, State::kComplete);
    EXPECT_EQ(reply.info.head.seq, 2U);
    EXPECT_EQ(reply.info.left_ms, 0);
    EXPECT_EQ(append(producer, records_after(producer.head, {"late"})).status, Status::kEnded);
    EXPECT_EQ(append(producer, records_after({}, {"X", "Y"})).status, Status::kEnded);
    EXPECT_EQ(renew(producer, 6000).status, Status::kEnded);
    EXPECT_EQ(claim({.id = producer.id, .pid = 9, .lease_ms = 1000}).status, Status::kEnded);
    const auto log = read(producer.id);
    ASSERT_EQ(log.records.size(), 2U);
    EXPECT_EQ(log.records[1].type, Type::kEnd);
    EXPECT_EQ(log.info.state, State::kComplete);
}

TEST_P(OwnedStreams, ARepeatedEndIsADuplicate) {
    auto producer = produce();
    auto records = records_after({}, {"a", "b"});
    records.push_back(end_after({2, records[1].check}));
    ASSERT_EQ(append(producer, records, State::kComplete).status, Status::kOk);
    EXPECT_EQ(append(producer, records, State::kComplete).status, Status::kDuplicate);
    EXPECT_EQ(append(producer, std::span(records).first(2)).status, Status::kDuplicate);
    EXPECT_EQ(append(producer, std::span(records).last(1), State::kComplete).status, Status::kDuplicate);
}

TEST_P(OwnedStreams, FinishNumbersAndChainsTheEnd) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a"}).status, Status::kOk);
    const auto reply = finish(producer.id, State::kCancelled, R"("outcome":"cancelled")");
    EXPECT_EQ(reply.status, Status::kOk);
    const auto expected = next_check(producer.head.check, Type::kEnd, R"("outcome":"cancelled")");
    EXPECT_EQ(reply.last, (Position{2, expected}));
    EXPECT_EQ(reply.info.state, State::kCancelled);
    EXPECT_EQ(append(producer, records_after(producer.head, {"b"})).status, Status::kEnded);
    EXPECT_EQ(append(producer, records_after(producer.head, {"b", "c"})).status, Status::kEnded);
    const auto log = read(producer.id, 2);
    ASSERT_EQ(log.records.size(), 1U);
    EXPECT_EQ(log.records[0].type, Type::kEnd);
    EXPECT_EQ(log.records[0].fence, producer.fence);
}

TEST_P(OwnedStreams, ARepeatedFinishIsADuplicateAndAnotherComesTooLate) {
    const auto producer = produce();
    const auto first = finish(producer.id, State::kCancelled, "x");
    ASSERT_EQ(first.status, Status::kOk);
    const auto again = finish(producer.id, State::kCancelled, "x");
    EXPECT_EQ(again.status, Status::kDuplicate);
    EXPECT_EQ(again.last, first.last);
    const auto other = finish(producer.id, State::kLost, "x");
    EXPECT_EQ(other.status, Status::kEnded);
    EXPECT_EQ(other.info.state, State::kCancelled);
    EXPECT_EQ(finish(producer.id, State::kCancelled, "y").status, Status::kEnded);
    EXPECT_EQ(read(producer.id).records.size(), 1U);
}

TEST_P(OwnedStreams, FinishMayNameTheFenceItMeans) {
    auto first = produce();
    ASSERT_EQ(renew(first, 0).status, Status::kOk);
    const auto second = produce(first.id, 8);
    EXPECT_EQ(finish(first.id, State::kLost, "", first.fence).status, Status::kFenced);
    EXPECT_EQ(finish(first.id, State::kLost, "", second.fence + 1).status, Status::kFenced);
    EXPECT_EQ(finish(first.id, State::kLost, "", second.fence).status, Status::kOk);
    EXPECT_EQ(finish(first.id, State::kLost, "", second.fence).status, Status::kDuplicate);
}

// Two enders race: in each order the first one wins and the second hears of it.
TEST_P(OwnedStreams, CompletionAndCancelRaceForOneSlot) {
    for (const bool cancel_first : {false, true}) {
        auto producer = produce();
        const Record record = end_after({});
        const AppendRequest completion{.id = producer.id,
                                       .fence = producer.fence,
                                       .pid = producer.pid,
                                       .records = {&record, 1},
                                       .end_state = State::kComplete,
                                       .lease_ms = 1000};
        const FinishRequest cancel{.id = producer.id, .end_state = State::kCancelled, .data = bytes("c")};
        PendingPtr<StreamReply> cancelled;
        PendingPtr<StreamReply> completed;
        const auto start_cancel = [&] {
            cancelled = start<StreamReply>(
                [&](StreamDone done) { return store().streams().finish(cancel, std::move(done)); });
        };
        if (cancel_first) start_cancel();
        completed = start<StreamReply>(
            [&](StreamDone done) { return store().streams().append(completion, std::move(done)); });
        if (!cancel_first) start_cancel();
        EXPECT_EQ(await(cancelled).status, cancel_first ? Status::kOk : Status::kEnded);
        EXPECT_EQ(await(completed).status, cancel_first ? Status::kEnded : Status::kOk);
        EXPECT_EQ(read(producer.id).records.size(), 1U);
    }
}

}  // namespace
}  // namespace streamhost::store::conformance
