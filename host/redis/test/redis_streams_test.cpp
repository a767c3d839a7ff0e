// What a store over a server can meet and one in memory cannot: lost scripts, no memory, deflated entries.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/chain.hpp"
#include "store/validate.hpp"
#include "support/streams_fixture.hpp"

namespace streamhost::redis {
namespace {

using store::Position;

INSTANTIATE_TEST_SUITE_P(Redis, RedisStreamsTest, testing::Values(redis_driver()));

TEST_P(RedisStreamsTest, EveryCommandOutlivesAFlushOfTheScripts) {
    const auto flush = [] { server().command({"SCRIPT", "FLUSH"}); };
    flush();
    auto producer = produce();
    const auto home = std::string(store::home_of(producer.id));
    flush();
    EXPECT_EQ(write(producer, {"a"}).status, Status::kOk);
    flush();
    EXPECT_EQ(renew(producer, 6000).status, Status::kOk);
    flush();
    EXPECT_EQ(publish(home, "k", entries_of({"m"})).status, Status::kOk);
    flush();
    EXPECT_EQ(send_one(home, "sent").status, Status::kOk);
    flush();
    EXPECT_EQ(read(producer.id).records.size(), 1U);
    flush();
    EXPECT_EQ(tail({producer.id}).items.at(0).info.head, producer.head);
    flush();
    EXPECT_EQ(runs(home).items.size(), 2U);
    flush();
    EXPECT_EQ(finish(producer.id, State::kCancelled, "c").status, Status::kOk);
    EXPECT_TRUE(bench().troubles.empty());
}

TEST_P(RedisStreamsTest, AFlushInFrontOfAPipelineKeepsItsOrder) {
    const auto producer = produce();
    Position at;
    std::vector<PendingPtr<StreamReply>> appends;
    for (int i = 0; i < 20; ++i) {
        const auto records = records_after(at, {std::to_string(i)});
        at = {records[0].seq, records[0].check};
        appends.push_back(start_append(producer, records));
    }
    server().command({"SCRIPT", "FLUSH"});
    for (const auto& pending : appends)
        EXPECT_EQ(await(pending).status, Status::kOk);
    EXPECT_EQ(tail({producer.id}).items.at(0).info.head, at);
}

TEST_P(RedisStreamsTest, WithoutMemoryNothingIsWrittenAndEndsStillFit) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a"}).status, Status::kOk);
    auto cancelled = produce();
    auto completed = produce();
    const auto home = fresh_home();
    ASSERT_EQ(publish(home, "k", entries_of({"m"})).status, Status::kOk);
    const auto before = snapshot(producer.id) + snapshot(home);

    server().command({"CONFIG", "SET", "maxmemory", "1"});
    const auto refused = store().stats().refused;
    EXPECT_EQ(write(producer, {"b"}).status, Status::kExhausted);
    EXPECT_EQ(claim({.id = fresh_run(), .pid = 1, .lease_ms = 100}).status, Status::kExhausted);
    EXPECT_EQ(publish(home, "k2", entries_of({"m"})).status, Status::kExhausted);
    EXPECT_EQ(publish(fresh_home(), "k", entries_of({"m"})).status, Status::kExhausted);
    EXPECT_EQ(send_one(home, "r").status, Status::kExhausted);
    EXPECT_EQ(store().stats().refused, refused + 5);
    EXPECT_EQ(publish(home, "k", entries_of({"m"})).status, Status::kDuplicate);
    EXPECT_EQ(snapshot(producer.id) + snapshot(home), before);
    EXPECT_EQ(number({"EXISTS", keys().meta(home + ".r"), keys().sent(home)}), 0);

    EXPECT_EQ(read(producer.id).records.size(), 1U);
    EXPECT_EQ(renew(producer, 60'000).status, Status::kOk);
    EXPECT_EQ(finish(cancelled.id, State::kCancelled, "c").status, Status::kOk);
    EXPECT_EQ(end(completed).status, Status::kOk);
    server().command({"CONFIG", "SET", "maxmemory", "0"});
    EXPECT_EQ(write(producer, {"b"}).status, Status::kOk);
    EXPECT_EQ(read(completed.id).records.size(), 1U);
    EXPECT_TRUE(bench().troubles.empty());
}

TEST_P(RedisStreamsTest, LargeEntriesAreDeflatedOnTheWire) {
    auto producer = produce();
    subscribe(store::home_of(producer.id));
    const std::string large(100'000, 'x');
    std::string noise(8000, '\0');
    std::minstd_rand random(1);
    for (char& c : noise)
        c = static_cast<char>(random());
    ASSERT_EQ(write(producer, {large, noise, "small"}).status, Status::kOk);

    EXPECT_LT(text({"LINDEX", keys().chunks(producer.id), "0"}).size(), 1000U);
    EXPECT_GT(text({"LINDEX", keys().chunks(producer.id), "1"}).size(), noise.size());
    ASSERT_TRUE(arrives([&] { return sink().of(producer.id).size() == 3; }));
    for (const auto& records : {read(producer.id).records, sink().of(producer.id)}) {
        ASSERT_EQ(records.size(), 3U);
        EXPECT_EQ(records[0].data.view(), large);
        EXPECT_EQ(records[1].data.view(), noise);
        EXPECT_EQ(records[2].data.view(), "small");
        EXPECT_EQ(records[0].check, store::next_check(0, store::Type::kText, large));
    }
}

// Inflated, it lies elsewhere than the message that it came with, of which the id is a part.
TEST_P(RedisStreamsTest, ALargeEntryThatCameAloneNamesItsStream) {
    auto producer = produce();
    subscribe(store::home_of(producer.id));
    std::string digits(20'000, '0');
    std::minstd_rand random(1);
    for (char& c : digits)
        c = "0123456789abcdef"[random() % 16];
    ASSERT_EQ(write(producer, {digits}).status, Status::kOk);
    EXPECT_LT(text({"LINDEX", keys().chunks(producer.id), "0"}).size(), digits.size());
    ASSERT_TRUE(arrives([&] { return !sink().live.empty(); }));
    ASSERT_EQ(sink().live.front().stream, producer.id);
    EXPECT_EQ(sink().live.front().records.at(0).data.view(), digits);
    EXPECT_EQ(foreign(), 0U);
}

// Bounds are of the data, whatever it takes in the server; and what a repeat brings again is not counted
// twice.
TEST_P(RedisStreamsTest, DeflatedEntriesCountWithTheirTrueSize) {
    store::Limits limits = driver_limits();
    limits.run_bytes = 20'000;
    use(limits);
    const auto producer = produce();
    const std::string large(10'000, 'x');
    const auto records = records_after({}, {large, large, "y"});
    EXPECT_EQ(append(producer, records).status, Status::kFull);
    ASSERT_EQ(append(producer, std::span(records).first(1)).status, Status::kOk);
    EXPECT_EQ(append(producer, records).status, Status::kFull);
    EXPECT_EQ(append(producer, std::span(records).first(2)).status, Status::kOk);
    EXPECT_EQ(append(producer, std::span(records).last(1)).status, Status::kFull);
    EXPECT_EQ(read(producer.id, 1, 10, 10'000).records.size(), 1U);
    EXPECT_EQ(read(producer.id, 1, 10, 20'000).records.size(), 2U);
}

// A user whose channels are not those of the prefix, as an operator finds out when it is too late.
TEST_P(RedisStreamsTest, WhatMayNotBePublishedIsNotWritten) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a"}).status, Status::kOk);
    const auto home = fresh_home();
    ASSERT_EQ(publish(home, "first", entries_of({"a"})).status, Status::kOk);
    const auto before = snapshot(producer.id) + snapshot(home);

    server().command({"ACL", "SETUSER", "default", "-publish"});
    auto refused = producer;
    EXPECT_EQ(write(refused, {"b", "c"}).status, Status::kUnavailable);
    EXPECT_EQ(finish(producer.id, State::kLost, "").status, Status::kUnavailable);
    EXPECT_EQ(publish(home, "second", entries_of({"b", "c"})).status, Status::kUnavailable);
    EXPECT_EQ(send_one(home, "r").status, Status::kUnavailable);
    server().command({"ACL", "SETUSER", "default", "+publish"});
    EXPECT_EQ(snapshot(producer.id) + snapshot(home), before);
    EXPECT_EQ(number({"EXISTS", keys().meta(home + ".r"), keys().sent(home)}), 0);

    EXPECT_EQ(write(producer, {"b", "c"}).status, Status::kOk);
    EXPECT_EQ(finish(producer.id, State::kLost, "").status, Status::kOk);
    EXPECT_EQ(publish(home, "second", entries_of({"b", "c"})).first, 2U);
    EXPECT_EQ(send_one(home, "r").first, 4U);
    EXPECT_EQ(foreign(), 0U);
}

TEST_P(RedisStreamsTest, DamagedDeflatedDataIsForeign) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {std::string(10'000, 'x')}).status, Status::kOk);
    const auto chunks = keys().chunks(producer.id);
    const auto good = text({"LINDEX", chunks, "0"});
    const auto size = good.find("z10000");
    ASSERT_NE(size, std::string::npos);
    for (const std::string_view wrong : {"z10001", "z9999", "z0", "z99999999", "z", "y10000"}) {
        auto bad = good;
        bad.replace(size, 6, wrong);
        server().command({"LSET", chunks, "0", bad});
        EXPECT_EQ(read(producer.id).status, Status::kConflict) << wrong;
    }
    auto bad = good;
    bad.back() = static_cast<char>(bad.back() ^ 1);  // its checksum
    server().command({"LSET", chunks, "0", bad});
    EXPECT_EQ(read(producer.id).status, Status::kConflict);
    server().command({"LSET", chunks, "0", good});
    EXPECT_EQ(read(producer.id).records.size(), 1U);
}

// A script's numbers are doubles, and Lua writes those from 10^14 on with an exponent.
TEST_P(RedisStreamsTest, LargeNumbersStayExact) {
    const auto home = fresh_home();
    const std::string head = "9007199254740900";
    server().command({"HSET", keys().meta(home), "d",
                      "s|o|" + head + "|0000000000000001|" + head +
                          "|0000000000000001|0|0|0|0|1700000000000000|1700000000000|0",
                      "u", ""});
    const auto reply = publish(home, "k", entries_of({"a", "b"}));
    ASSERT_EQ(reply.status, Status::kOk);
    EXPECT_EQ(reply.first, 9007199254740901U);
    const auto log = read(home, reply.first);
    ASSERT_EQ(log.records.size(), 2U);
    EXPECT_EQ(log.before, (Position{9007199254740900U, 1}));
    EXPECT_EQ(log.records[1].seq, 9007199254740902U);
    EXPECT_EQ(publish(home, "k", entries_of({"a", "b"})).first, reply.first);
}

TEST_P(RedisStreamsTest, NothingOfARunOutlivesItsTime) {
    use_short_lifetimes();
    const auto home = fresh_home();
    ASSERT_EQ(send_one(home, "r").status, Status::kOk);
    auto worker = produce(home + ".r");
    ASSERT_EQ(write(worker, {"a"}).status, Status::kOk);
    ASSERT_EQ(end(worker).status, Status::kOk);
    pass(bench().limits().run_ended_ms);
    EXPECT_EQ(number({"EXISTS", keys().meta(worker.id), keys().chunks(worker.id)}), 0);
    pass(bench().limits().shared_ms);
    const auto left = server().command({"KEYS", "*"});
    EXPECT_EQ(left.size(), 0U) << left.first().text();
}

}  // namespace
}  // namespace streamhost::redis
