// What readers and followers ask.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

TEST_P(Reads, StartAtTheNumberAsked) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"1", "2", "3", "4", "5"}).status, Status::kOk);
    const auto all = read(producer.id);
    const auto part = read(producer.id, 3);
    ASSERT_EQ(part.records.size(), 3U);
    EXPECT_EQ(part.records[0].seq, 3U);
    EXPECT_EQ(part.before, (Position{2, all.records[1].check}));
    EXPECT_EQ(part.info.head, producer.head);
    EXPECT_EQ(all.before, Position{});
}

TEST_P(Reads, PastTheHeadThereIsNothingAndBeforeIsTheHead) {
    auto producer = produce();
    EXPECT_TRUE(read(producer.id).records.empty());
    EXPECT_EQ(read(producer.id).before, Position{});
    ASSERT_EQ(write(producer, {"1", "2"}).status, Status::kOk);
    for (const std::uint64_t from : {std::uint64_t{3}, std::uint64_t{100}, kMaxSeq}) {
        const auto none = read(producer.id, from);
        EXPECT_EQ(none.status, Status::kOk);
        EXPECT_TRUE(none.records.empty());
        EXPECT_EQ(none.before, producer.head);
    }
}

TEST_P(Reads, BelowTheBaseStartsAtTheOldestKept) {
    Limits limits = driver_limits();
    limits.shared_entries = 2;
    use(limits);
    const auto id = fresh_home();
    for (const char* text : {"1", "2", "3", "4"})
        ASSERT_EQ(publish(id, text, entries_of({text})).status, Status::kOk);
    for (const std::uint64_t from : {1U, 2U, 3U}) {
        const auto log = read(id, from);
        ASSERT_EQ(log.records.size(), 2U);
        EXPECT_EQ(log.records[0].seq, 3U);
        EXPECT_EQ(log.before, log.info.base);
        EXPECT_EQ(log.records[0].prev, log.info.base.check);
    }
    EXPECT_EQ(read(id, 4).records.size(), 1U);
    EXPECT_EQ(read(id, 5).before, read(id).info.head);
}

TEST_P(Reads, KeepToTheEntriesAndBytesAsked) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"1234", "1234", "1234", "1234"}).status, Status::kOk);
    EXPECT_EQ(read(producer.id, 1, 3).records.size(), 3U);
    EXPECT_EQ(read(producer.id, 1, 100, 8).records.size(), 2U);
    EXPECT_EQ(read(producer.id, 1, 100, 11).records.size(), 2U);
    // One entry comes always, or a reader could never pass it.
    EXPECT_EQ(read(producer.id, 1, 100, 3).records.size(), 1U);
    EXPECT_EQ(read(producer.id, 1, 100, 0).records.size(), 1U);
}

TEST_P(Reads, ManyPagesAreTheWholeLog) {
    const auto producer = produce();
    Position at;
    for (int batch = 0; batch < 20; ++batch) {
        std::vector<Record> records(50);
        for (Record& record : records)
            record.data = bytes(std::to_string(batch));
        at = chain(at, records);
        ASSERT_EQ(append(producer, records).status, Status::kOk);
    }
    Position seen;
    while (seen != at) {
        const auto page = read(producer.id, seen.seq + 1, 33);
        ASSERT_EQ(page.status, Status::kOk);
        ASSERT_FALSE(page.records.empty());
        ASSERT_EQ(page.before, seen);
        for (const Record& record : page.records) {
            ASSERT_EQ(record.seq, seen.seq + 1);
            ASSERT_EQ(record.prev, seen.check);
            seen = {record.seq, record.check};
        }
    }
}

TEST_P(Reads, TailAnswersPerIdInTheOrderAsked) {
    auto open = produce();
    ASSERT_EQ(write(open, {"a"}).status, Status::kOk);
    auto ended = produce();
    ASSERT_EQ(end(ended, State::kError).status, Status::kOk);
    const auto shared = fresh_home();
    ASSERT_EQ(publish(shared, "k", entries_of({"a", "b"}), "ann").status, Status::kOk);
    const auto unknown = fresh_run();

    const auto list = tail({ended.id, unknown, open.id, shared, open.id});
    EXPECT_EQ(list.status, Status::kOk);
    ASSERT_EQ(list.items.size(), 5U);
    EXPECT_EQ(list.items[0].id, ended.id);
    EXPECT_EQ(list.items[0].info.state, State::kError);
    EXPECT_EQ(list.items[1].status, Status::kNoStream);
    EXPECT_EQ(list.items[1].info.head, Position{});
    EXPECT_EQ(list.items[2].info.head, open.head);
    EXPECT_EQ(list.items[2].info.fence, open.fence);
    EXPECT_GT(list.items[2].info.left_ms, 0);
    EXPECT_EQ(list.items[3].info.mode, Mode::kShared);
    EXPECT_EQ(list.items[3].info.head.seq, 2U);
    EXPECT_EQ(list.items[3].user, "ann");
    EXPECT_EQ(list.items[4].info.head, open.head);
}

TEST_P(Reads, TailTakes64IdsAndNoMore) {
    std::vector<std::string> ids;
    for (int i = 0; i < 65; ++i)
        ids.push_back(fresh_run());
    std::vector<std::string_view> views(ids.begin(), ids.begin() + 64);
    EXPECT_EQ(tail(views).items.size(), 64U);
    views.push_back(ids[64]);
    EXPECT_EQ(tail(views).status, Status::kTooLarge);
}

TEST_P(Reads, RunsAreTheOwnedStreamsOfAHome) {
    const auto home = fresh_home();
    EXPECT_EQ(runs(home).status, Status::kOk);
    EXPECT_TRUE(runs(home).items.empty());
    auto first = produce(home + ".b");
    produce(home + ".a");
    ASSERT_EQ(publish(home, "k", entries_of({"m"})).status, Status::kOk);
    ASSERT_EQ(publish(home + ".shared", "k", entries_of({"m"})).status, Status::kOk);
    produce(home + "x.c");
    ASSERT_EQ(write(first, {"t"}).status, Status::kOk);
    const auto list = runs(home);
    ASSERT_EQ(list.items.size(), 2U);
    EXPECT_EQ(list.items[0].id, home + ".b");
    EXPECT_EQ(list.items[0].info.head, first.head);
    EXPECT_EQ(list.items[1].id, home + ".a");
}

}  // namespace
}  // namespace streamhost::store::conformance
