// Publishing: the store numbers, repeats answer the same, the head trims.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

TEST_P(SharedStreams, PublishMakesNumbersAndChains) {
    const auto id = fresh_home();
    const auto first = publish(id, "k1", entries_of({"a", "b"}), "ann");
    EXPECT_EQ(first.status, Status::kOk);
    EXPECT_EQ(first.first, 1U);
    EXPECT_EQ(first.last.seq, 2U);
    EXPECT_EQ(first.user, "ann");
    const auto second = publish(id, "k2", entries_of({"c"}), "bob");
    EXPECT_EQ(second.first, 3U);
    EXPECT_EQ(second.user, "ann");

    const auto log = read(id);
    ASSERT_EQ(log.records.size(), 3U);
    EXPECT_EQ(log.info.mode, Mode::kShared);
    EXPECT_EQ(log.info.head, second.last);
    Position at;
    for (const Record& record : log.records) {
        EXPECT_EQ(record.prev, at.check);
        at = {record.seq, next_check(at.check, record.type, record.data.view())};
        EXPECT_EQ(record.check, at.check);
        EXPECT_EQ(record.fence, 0U);
        EXPECT_GT(record.ts_ms, 0);
        EXPECT_EQ(record.type, Type::kMessage);
    }
}

TEST_P(SharedStreams, ARepeatAnswersTheSame) {
    const auto id = fresh_home();
    const auto first = publish(id, "k1", entries_of({"a", "b"}));
    ASSERT_EQ(publish(id, "k2", entries_of({"c"})).status, Status::kOk);
    for (int i = 0; i < 3; ++i) {
        const auto again = publish(id, "k1", entries_of({"a", "b"}));
        EXPECT_EQ(again.status, Status::kDuplicate);
        EXPECT_EQ(again.first, first.first);
        EXPECT_EQ(again.last, first.last);
    }
    EXPECT_EQ(read(id).records.size(), 3U);
}

TEST_P(SharedStreams, AKnownKeyWithOtherContentConflicts) {
    const auto id = fresh_home();
    ASSERT_EQ(publish(id, "k1", entries_of({"a", "b"})).status, Status::kOk);
    EXPECT_EQ(publish(id, "k1", entries_of({"a"})).status, Status::kConflict);
    EXPECT_EQ(publish(id, "k1", entries_of({"a", "X"})).status, Status::kConflict);
    EXPECT_EQ(publish(id, "k1", entries_of({"a", "b", "c"})).status, Status::kConflict);
    const std::vector<Entry> other_type{entry("a"), entry("b", Type::kRun)};
    EXPECT_EQ(publish(id, "k1", other_type).status, Status::kConflict);
    EXPECT_EQ(read(id).records.size(), 2U);
}

TEST_P(SharedStreams, KeysOfTwoStreamsAreTwoKeys) {
    const auto entries = entries_of({"a"});
    EXPECT_EQ(publish(fresh_home(), "k", entries).status, Status::kOk);
    EXPECT_EQ(publish(fresh_home(), "k", entries).status, Status::kOk);
}

TEST_P(SharedStreams, RepeatsInFlightWriteOnce) {
    const auto id = fresh_home();
    const auto entries = entries_of({"a"});
    std::vector<PendingPtr<PublishReply>> repeats;
    for (int i = 0; i < 5; ++i)
        repeats.push_back(start<PublishReply>([&](PublishDone done) {
            return store().streams().publish({.id = id, .key = "k", .entries = entries}, std::move(done));
        }));
    int fresh = 0;
    for (const auto& pending : repeats) {
        const auto reply = await(pending);
        fresh += reply.status == Status::kOk;
        EXPECT_EQ(reply.first, 1U);
    }
    EXPECT_EQ(fresh, 1);
    EXPECT_EQ(read(id).records.size(), 1U);
}

TEST_P(SharedStreams, AKeyIsForgottenBehindTooManyOthers) {
    Limits limits = driver_limits();
    limits.publish_keys = 8;
    use(limits);
    const auto id = fresh_home();
    const auto entries = entries_of({"a"});
    ASSERT_EQ(publish(id, "old", entries).status, Status::kOk);
    for (int i = 0; i < 7; ++i)
        ASSERT_EQ(publish(id, "k" + std::to_string(i), entries).status, Status::kOk);
    EXPECT_EQ(publish(id, "old", entries).status, Status::kDuplicate);
    ASSERT_EQ(publish(id, "one more", entries).status, Status::kOk);
    EXPECT_EQ(publish(id, "old", entries).status, Status::kOk);
    EXPECT_EQ(publish(id, "one more", entries).status, Status::kDuplicate);
}

TEST_P(SharedStreams, TheRealWindowHolds1024Keys) {
    const auto id = fresh_home();
    const auto entries = entries_of({"a"});
    ASSERT_EQ(bench_->limits().publish_keys, 1024U);
    for (int i = 0; i < 1024; ++i)
        ASSERT_EQ(publish(id, std::to_string(i), entries).status, Status::kOk);
    EXPECT_EQ(publish(id, "0", entries).status, Status::kDuplicate);
    EXPECT_EQ(publish(id, "1023", entries).status, Status::kDuplicate);
    ASSERT_EQ(publish(id, "1024", entries).status, Status::kOk);
    EXPECT_EQ(publish(id, "0", entries).status, Status::kOk);
}

TEST_P(SharedStreams, OverTheBoundTheHeadTrimsAndNumbersGoOn) {
    Limits limits = driver_limits();
    limits.shared_entries = 5;
    use(limits);
    const auto id = fresh_home();
    std::vector<std::uint64_t> checks{0};
    for (int i = 1; i <= 12; ++i) {
        const auto reply = publish(id, std::to_string(i), entries_of({std::to_string(i)}));
        ASSERT_EQ(reply.status, Status::kOk);
        ASSERT_EQ(reply.first, static_cast<std::uint64_t>(i));
        checks.push_back(reply.last.check);
    }
    const auto log = read(id);
    EXPECT_EQ(log.info.base, (Position{7, checks[7]}));
    EXPECT_EQ(log.before, log.info.base);
    ASSERT_EQ(log.records.size(), 5U);
    EXPECT_EQ(log.records[0].seq, 8U);
    EXPECT_EQ(log.records[0].prev, checks[7]);
    EXPECT_EQ(log.records[0].data.view(), "8");
    // A repeat answers the same also when its entries are trimmed.
    const auto again = publish(id, "1", entries_of({"1"}));
    EXPECT_EQ(again.status, Status::kDuplicate);
    EXPECT_EQ(again.last, (Position{1, checks[1]}));
}

TEST_P(SharedStreams, OverTheBytesTheHeadTrims) {
    Limits limits = driver_limits();
    limits.shared_bytes = 100;
    use(limits);
    const auto id = fresh_home();
    const std::string thirty(30, 'x');
    for (int i = 0; i < 10; ++i)
        ASSERT_EQ(publish(id, std::to_string(i), entries_of({thirty})).status, Status::kOk);
    const auto log = read(id);
    EXPECT_EQ(log.records.size(), 3U);
    EXPECT_EQ(log.info.base.seq, 7U);
    const std::string all(100, 'y');
    ASSERT_EQ(publish(id, "all", entries_of({all})).status, Status::kOk);
    EXPECT_EQ(read(id).records.size(), 1U);
    const std::string more(101, 'z');
    EXPECT_EQ(publish(id, "more", entries_of({more})).status, Status::kTooLarge);
    EXPECT_EQ(read(id).info.head.seq, 11U);
}

TEST_P(SharedStreams, AStreamIsSharedForGood) {
    const auto id = fresh_home() + ".x";
    ASSERT_EQ(publish(id, "k", entries_of({"a"})).status, Status::kOk);
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 1000}).status, Status::kConflict);
    const Producer wrong{id, 1, 1, {}};
    EXPECT_EQ(append(wrong, records_after({}, {"b"})).status, Status::kConflict);
    EXPECT_EQ(renew(wrong, 1000).status, Status::kConflict);
    EXPECT_EQ(finish(id, State::kCancelled, "").status, Status::kConflict);
    EXPECT_EQ(read(id).records.size(), 1U);
}

TEST_P(SharedStreams, StrangersAreForbiddenOnRequest) {
    const auto id = fresh_home();
    const auto entries = entries_of({"a"});
    ASSERT_EQ(publish(id, "1", entries, "ann", Access::kOwner).status, Status::kOk);
    EXPECT_EQ(publish(id, "2", entries, "bob", Access::kOwner).status, Status::kForbidden);
    EXPECT_EQ(publish(id, "3", entries, "bob", Access::kAny).status, Status::kOk);
    EXPECT_EQ(publish(id, "4", entries, "ann", Access::kOwner).status, Status::kOk);
    const auto ownerless = fresh_home();
    ASSERT_EQ(publish(ownerless, "1", entries).status, Status::kOk);
    EXPECT_EQ(publish(ownerless, "2", entries, "bob", Access::kOwner).status, Status::kOk);
}

TEST_P(SharedStreams, EntriesAreBytes) {
    const auto id = fresh_home();
    const std::string binary("\0\x01\xff|{}\n\"\\\xf0\x9f\x98\x80", 14);
    const std::string huge(1 << 20, '\x80');
    ASSERT_EQ(publish(id, "1", entries_of({"", binary, huge})).status, Status::kOk);
    const auto log = read(id, 1, 10, 4U << 20);
    ASSERT_EQ(log.records.size(), 3U);
    EXPECT_EQ(log.records[0].data.view(), "");
    EXPECT_EQ(log.records[1].data.view(), binary);
    EXPECT_EQ(log.records[2].data.view(), huge);
    EXPECT_EQ(log.records[2].check, next_check(log.records[2].prev, Type::kMessage, huge));
}

TEST_P(SharedStreams, IdsAndKeysMayBe128Bytes) {
    const std::string id(128, 'i');
    const std::string dotted = std::string(64, 'h') + "." + std::string(63, 'l');
    const std::string key(128, '\x01');
    const std::string user(256, 'u');
    EXPECT_EQ(publish(id, key, entries_of({"a"}), user).status, Status::kOk);
    EXPECT_EQ(publish(id, key, entries_of({"a"}), user).status, Status::kDuplicate);
    EXPECT_EQ(publish(dotted, key, entries_of({"a"})).status, Status::kOk);
    EXPECT_EQ(read(id).records.size(), 1U);
    const auto both = tail({id, dotted});
    EXPECT_EQ(both.items.at(0).user, user);
    EXPECT_EQ(both.items.at(1).info.head.seq, 1U);
}

TEST_P(SharedStreams, WhatWasWrittenOutlivesTheWritersBuffer) {
    const auto id = fresh_home();
    {
        std::string text = "will be gone";
        const std::vector<Entry> entries{entry(text)};
        std::string key = "key";
        ASSERT_EQ(publish(id, key, entries).status, Status::kOk);
        text.assign(text.size(), '#');
        key.assign(3, '#');
    }
    EXPECT_EQ(read(id).records.at(0).data.view(), "will be gone");
    EXPECT_EQ(publish(id, "key", entries_of({"will be gone"})).status, Status::kDuplicate);
}

}  // namespace
}  // namespace streamhost::store::conformance
