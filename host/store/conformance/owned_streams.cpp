// Claims, fences, appends, bounds.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

TEST_P(OwnedStreams, AClaimMakesTheStream) {
    const auto id = fresh_run();
    const auto reply = claim({.id = id, .pid = 1, .lease_ms = 6000, .user = "ann"});
    EXPECT_EQ(reply.status, Status::kOk);
    EXPECT_GT(reply.info.fence, 0U);
    EXPECT_EQ(reply.info.head, Position{});
    EXPECT_EQ(reply.info.mode, Mode::kOwned);
    EXPECT_EQ(reply.info.state, State::kOpen);
    EXPECT_EQ(reply.info.claims, 1U);
    EXPECT_EQ(reply.user, "ann");
    EXPECT_GT(reply.info.left_ms, 0);
    EXPECT_LE(reply.info.left_ms, 6000);
    EXPECT_GT(reply.info.created_ms, 0);
}

TEST_P(OwnedStreams, AClaimMayRefuseToMakeOne) {
    const auto id = fresh_run();
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 6000, .if_missing = IfMissing::kRefuse}).status,
              Status::kNoStream);
    EXPECT_EQ(tail({id}).items.at(0).status, Status::kNoStream);
}

TEST_P(OwnedStreams, ALiveLeaseHoldsOffOthers) {
    const auto first = produce();
    const auto other = claim({.id = first.id, .pid = 8, .lease_ms = 6000});
    EXPECT_EQ(other.status, Status::kHeld);
    EXPECT_GT(other.info.left_ms, 0);
    EXPECT_LE(other.info.left_ms, 6000);
}

TEST_P(OwnedStreams, ARepeatedClaimAnswersTheSameFence) {
    const auto first = produce();
    const auto again = claim({.id = first.id, .pid = first.pid, .lease_ms = 6000});
    EXPECT_EQ(again.status, Status::kOk);
    EXPECT_EQ(again.info.fence, first.fence);
    EXPECT_EQ(again.info.claims, 1U);
}

TEST_P(OwnedStreams, ALapsedLeaseGoesToTheNextWithAHigherFence) {
    auto first = produce(fresh_run(), 7, 300);
    ASSERT_EQ(append(first, records_after({}, {"a"})).status, Status::kOk);  // renews to 6 s
    ASSERT_EQ(renew(first, 300).status, Status::kOk);                        // never shortens it
    pass(300);
    EXPECT_EQ(claim({.id = first.id, .pid = 8, .lease_ms = 6000}).status, Status::kHeld);
    ASSERT_EQ(renew(first, 0).status, Status::kOk);  // gives it back
    const auto second = claim({.id = first.id, .pid = 8, .lease_ms = 6000});
    EXPECT_EQ(second.status, Status::kOk);
    EXPECT_GT(second.info.fence, first.fence);
    EXPECT_EQ(second.info.claims, 2U);
    EXPECT_EQ(second.info.head.seq, 1U);
}

TEST_P(OwnedStreams, TheSameProducerGetsANewFenceOnceItsLeaseLapsed) {
    const auto first = produce(fresh_run(), 7, 300);
    pass(300);
    const auto again = claim({.id = first.id, .pid = 7, .lease_ms = 6000});
    EXPECT_EQ(again.status, Status::kOk);
    EXPECT_GT(again.info.fence, first.fence);
}

TEST_P(OwnedStreams, ALeaseGivenBackIsFree) {
    const auto first = produce();
    const auto back = renew(first, 0);
    EXPECT_EQ(back.status, Status::kOk);
    EXPECT_EQ(back.info.left_ms, 0);
    EXPECT_EQ(claim({.id = first.id, .pid = 8, .lease_ms = 6000}).status, Status::kOk);
}

TEST_P(OwnedStreams, AppendsNumberChainAndRead) {
    auto producer = produce();
    const auto first = write(producer, {"hello ", "world"});
    EXPECT_EQ(first.status, Status::kOk);
    EXPECT_EQ(first.info.head, producer.head);
    EXPECT_EQ(first.last, producer.head);
    ASSERT_EQ(write(producer, {"!"}).status, Status::kOk);

    const auto log = read(producer.id);
    ASSERT_EQ(log.records.size(), 3U);
    Position at;
    for (const Record& record : log.records) {
        EXPECT_EQ(record.seq, at.seq + 1);
        EXPECT_EQ(record.prev, at.check);
        EXPECT_EQ(record.check, next_check(at.check, record.type, record.data.view()));
        EXPECT_EQ(record.fence, producer.fence);
        EXPECT_GT(record.ts_ms, 0);
        at = {record.seq, record.check};
    }
    EXPECT_EQ(at, producer.head);
    EXPECT_EQ(log.records[1].data.view(), "world");
}

TEST_P(OwnedStreams, TheProducersTimeIsKeptWhereItGaveOne) {
    const auto producer = produce();
    auto records = records_after({}, {"a", "b"});
    records[0].ts_ms = 12345;
    ASSERT_EQ(append(producer, records).status, Status::kOk);
    const auto log = read(producer.id);
    ASSERT_EQ(log.records.size(), 2U);
    EXPECT_EQ(log.records[0].ts_ms, 12345);
    EXPECT_GT(log.records[1].ts_ms, 12345);
}

TEST_P(OwnedStreams, NothingCanBeAppendedToNothing) {
    const Producer nobody{fresh_run(), 5, 7, {}};
    EXPECT_EQ(append(nobody, records_after({}, {"a"})).status, Status::kNoStream);
    EXPECT_EQ(renew(nobody, 1000).status, Status::kNoStream);
    EXPECT_EQ(finish(nobody.id, State::kLost, "").status, Status::kNoStream);
    EXPECT_EQ(read(nobody.id).status, Status::kNoStream);
}

TEST_P(OwnedStreams, ARepeatAnswersDuplicateAndChangesNothing) {
    auto producer = produce();
    const auto records = records_after({}, {"a", "b", "c"});
    ASSERT_EQ(append(producer, records).status, Status::kOk);
    for (int i = 0; i < 3; ++i) {
        const auto again = append(producer, records);
        EXPECT_EQ(again.status, Status::kDuplicate);
        EXPECT_EQ(again.last, (Position{3, records[2].check}));
        EXPECT_EQ(again.info.head.seq, 3U);
    }
    const auto part = append(producer, std::span(records).first(2));
    EXPECT_EQ(part.status, Status::kDuplicate);
    EXPECT_EQ(part.last, (Position{2, records[1].check}));
    EXPECT_EQ(part.info.head.seq, 3U);
    EXPECT_EQ(read(producer.id).records.size(), 3U);
}

TEST_P(OwnedStreams, ARepeatWithMoreAddsOnlyWhatIsNew) {
    auto producer = produce();
    const auto records = records_after({}, {"a", "b", "c", "d"});
    ASSERT_EQ(append(producer, std::span(records).first(2)).status, Status::kOk);
    const auto more = append(producer, records);
    EXPECT_EQ(more.status, Status::kOk);
    EXPECT_EQ(more.info.head, (Position{4, records[3].check}));
    const auto log = read(producer.id);
    ASSERT_EQ(log.records.size(), 4U);
    EXPECT_EQ(log.records[2].data.view(), "c");
}

TEST_P(OwnedStreams, OtherContentUnderAKnownNumberConflicts) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a", "b"}).status, Status::kOk);
    EXPECT_EQ(append(producer, records_after({}, {"a", "X"})).status, Status::kConflict);
    EXPECT_EQ(append(producer, records_after({}, {"X"})).status, Status::kConflict);
    EXPECT_EQ(read(producer.id).records.at(1).data.view(), "b");
}

TEST_P(OwnedStreams, ANumberTooFarAheadIsAGap) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a"}).status, Status::kOk);
    const auto gap = append(producer, records_after({2, 99}, {"c"}));
    EXPECT_EQ(gap.status, Status::kGap);
    EXPECT_EQ(gap.info.head, producer.head);
}

TEST_P(OwnedStreams, NewEntriesMustChainFromTheStoredHead) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a"}).status, Status::kOk);
    const auto off = append(producer, records_after({1, 99}, {"b"}));
    EXPECT_EQ(off.status, Status::kDiverged);
    EXPECT_EQ(off.info.head, producer.head);
    // The overlap differs and there is something new: the producer's past is not the store's.
    EXPECT_EQ(append(producer, records_after({}, {"X", "b"})).status, Status::kDiverged);
    EXPECT_EQ(read(producer.id).records.size(), 1U);
}

TEST_P(OwnedStreams, AnOldFenceIsRefusedWhateverItBrings) {
    auto old = produce(fresh_run(), 7, 6000);
    ASSERT_EQ(write(old, {"a"}).status, Status::kOk);
    ASSERT_EQ(renew(old, 0).status, Status::kOk);
    auto now = produce(old.id, 8);
    EXPECT_GT(now.fence, old.fence);

    EXPECT_EQ(append(old, records_after(old.head, {"b"})).status, Status::kFenced);
    EXPECT_EQ(append(old, records_after({}, {"a"})).status, Status::kFenced);  // a repeat, too
    EXPECT_EQ(append(old, records_after({9, 9}, {"z"})).status, Status::kFenced);
    EXPECT_EQ(renew(old, 6000).status, Status::kFenced);
    EXPECT_EQ(renew(old, 0).status, Status::kFenced);
    EXPECT_EQ(write(now, {"b"}).status, Status::kOk);
}

TEST_P(OwnedStreams, AFenceOfTheFutureAndAForeignPidAreRefused) {
    const auto producer = produce();
    const auto records = records_after({}, {"a"});
    EXPECT_EQ(append({producer.id, producer.fence + 1, producer.pid, {}}, records).status, Status::kFenced);
    EXPECT_EQ(append({producer.id, producer.fence, producer.pid + 1, {}}, records).status, Status::kFenced);
    EXPECT_EQ(renew({producer.id, producer.fence, producer.pid + 1, {}}, 100).status, Status::kFenced);
}

TEST_P(OwnedStreams, WithoutAPidTheFenceDecides) {
    auto producer = produce();
    const Producer by_fence{producer.id, producer.fence, 0, {}};
    EXPECT_EQ(append(by_fence, records_after({}, {"a"})).status, Status::kOk);
    EXPECT_EQ(renew(by_fence, 5000).status, Status::kOk);
    const Producer wrong{producer.id, producer.fence + 1, 0, {}};
    EXPECT_EQ(append(wrong, records_after({}, {"a"})).status, Status::kFenced);
    EXPECT_EQ(renew(wrong, 5000).status, Status::kFenced);
}

TEST_P(OwnedStreams, AnAppendWithoutALeaseLeavesItAlone) {
    const auto producer = produce(fresh_run(), 7, 300);
    const auto records = records_after({}, {"a"});
    const AppendRequest request{
        .id = producer.id, .fence = producer.fence, .pid = producer.pid, .records = records};
    const auto reply =
        run<StreamReply>([&](StreamDone done) { return store().streams().append(request, std::move(done)); });
    EXPECT_EQ(reply.status, Status::kOk);
    EXPECT_LE(reply.info.left_ms, 300);
    pass(300);
    EXPECT_EQ(claim({.id = producer.id, .pid = 8, .lease_ms = 1000}).status, Status::kOk);
}

TEST_P(OwnedStreams, ALapsedLeaseThatNobodyTookStillWrites) {
    auto producer = produce(fresh_run(), 7, 200);
    pass(200);
    const auto reply = write(producer, {"a"});
    EXPECT_EQ(reply.status, Status::kOk);
    EXPECT_GT(reply.info.left_ms, 0);
}

TEST_P(OwnedStreams, OfTwoClaimsInFlightOneWins) {
    const auto id = fresh_run();
    std::vector<PendingPtr<StreamReply>> claims;
    for (std::uint64_t pid = 1; pid <= 8; ++pid)
        claims.push_back(start<StreamReply>([&](StreamDone done) {
            return store().streams().claim({.id = id, .pid = pid, .lease_ms = 6000}, std::move(done));
        }));
    int won = 0;
    for (const auto& pending : claims) {
        const auto status = await(pending).status;
        won += status == Status::kOk;
        EXPECT_TRUE(status == Status::kOk || status == Status::kHeld);
    }
    EXPECT_EQ(won, 1);
}

TEST_P(OwnedStreams, AppendsInFlightKeepTheirOrder) {
    const auto producer = produce();
    Position at;
    std::vector<PendingPtr<StreamReply>> appends;
    for (int i = 0; i < 50; ++i) {
        const auto records = records_after(at, {std::to_string(i)});
        at = {records[0].seq, records[0].check};
        appends.push_back(start<StreamReply>([&](StreamDone done) {
            const AppendRequest request{.id = producer.id,
                                        .fence = producer.fence,
                                        .pid = producer.pid,
                                        .records = records,
                                        .lease_ms = 6000};
            return store().streams().append(request, std::move(done));
        }));
    }
    for (const auto& pending : appends)
        EXPECT_EQ(await(pending).status, Status::kOk);
    EXPECT_EQ(tail({producer.id}).items.at(0).info.head, at);
}

TEST_P(OwnedStreams, AStreamIsOwnedForGood) {
    auto producer = produce();
    const auto entries = entries_of({"x"});
    EXPECT_EQ(publish(producer.id, "k", entries).status, Status::kConflict);
    ASSERT_EQ(end(producer).status, Status::kOk);
    EXPECT_EQ(publish(producer.id, "k", entries).status, Status::kConflict);
}

TEST_P(OwnedStreams, AHomeItselfMayBeOwned) {
    auto producer = produce(fresh_home());
    EXPECT_EQ(write(producer, {"a"}).status, Status::kOk);
    EXPECT_TRUE(runs(producer.id).items.empty());
}

TEST_P(OwnedStreams, ClaimsOfStrangersAreForbiddenOnRequest) {
    const auto id = fresh_run();
    ASSERT_EQ(claim({.id = id, .pid = 1, .lease_ms = 100, .user = "ann"}).status, Status::kOk);
    pass(100);
    EXPECT_EQ(claim({.id = id, .pid = 2, .lease_ms = 100, .user = "bob", .access = Access::kOwner}).status,
              Status::kForbidden);
    EXPECT_EQ(claim({.id = id, .pid = 2, .lease_ms = 100, .user = "ann", .access = Access::kOwner}).status,
              Status::kOk);
}

TEST_P(OwnedStreams, EntriesOverTheBoundAreFullAndTheEndStillFits) {
    Limits limits = driver_limits();
    limits.run_entries = 4;
    use(limits);
    auto producer = produce();
    ASSERT_EQ(write(producer, {"1", "2", "3"}).status, Status::kOk);
    EXPECT_EQ(write(producer, {"4", "5"}).status, Status::kFull);
    EXPECT_EQ(tail({producer.id}).items.at(0).info.head.seq, 3U);
    ASSERT_EQ(write(producer, {"4"}).status, Status::kOk);
    EXPECT_EQ(write(producer, {"5"}).status, Status::kFull);
    EXPECT_EQ(append(producer, records_after({}, {"1", "2", "3"})).status, Status::kDuplicate);
    EXPECT_EQ(end(producer, State::kError).status, Status::kOk);
    EXPECT_EQ(read(producer.id).records.size(), 5U);
}

TEST_P(OwnedStreams, BytesOverTheBoundAreFullAndTheEndStillFits) {
    Limits limits = driver_limits();
    limits.run_bytes = 10;
    use(limits);
    auto producer = produce();
    ASSERT_EQ(write(producer, {"12345"}).status, Status::kOk);
    EXPECT_EQ(write(producer, {"123456"}).status, Status::kFull);
    ASSERT_EQ(write(producer, {"12345"}).status, Status::kOk);
    EXPECT_EQ(finish(producer.id, State::kError, R"("outcome":"error")").status, Status::kOk);
}

TEST_P(OwnedStreams, RunsAreFullAtTheRealBounds) {
    const auto producer = produce();
    const Limits limits = bench_->limits();
    Position at;
    const std::vector<std::string_view> batch(250, "x");
    while (at.seq < limits.run_entries) {
        std::vector<Record> records(250);
        for (Record& record : records)
            record.data = bytes("x");
        at = chain(at, records);
        ASSERT_EQ(append(producer, records).status, Status::kOk) << at.seq;
    }
    EXPECT_EQ(append(producer, records_after(at, {"x"})).status, Status::kFull);
    EXPECT_EQ(finish(producer.id, State::kError, "").status, Status::kOk);

    const auto large = produce();
    const std::string megabyte(1 << 20, 'm');
    at = {};
    for (int i = 0; i < 8; ++i) {
        const auto records = records_after(at, {megabyte});
        ASSERT_EQ(append(large, records).status, Status::kOk) << i;
        at = {records[0].seq, records[0].check};
    }
    EXPECT_EQ(append(large, records_after(at, {"x"})).status, Status::kFull);
}

}  // namespace
}  // namespace streamhost::store::conformance
