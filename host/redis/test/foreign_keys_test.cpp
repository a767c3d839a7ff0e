// Keys of others where the store has its own: they are told and left as they are.

#include <string>

#include <gtest/gtest.h>

#include "store/validate.hpp"
#include "support/streams_fixture.hpp"

namespace streamhost::redis {
namespace {

class ForeignKeysTest : public RedisStreamsTest {};

INSTANTIATE_TEST_SUITE_P(Redis, ForeignKeysTest, testing::Values(redis_driver()));

TEST_P(ForeignKeysTest, AKeyOfAnotherTypeInPlaceOfAStreamIsLeftAlone) {
    const auto id = fresh_run();
    server().command({"SET", keys().meta(id), "mine"});
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 1000}).status, Status::kConflict);
    EXPECT_EQ(publish(id, "k", entries_of({"a"})).status, Status::kConflict);
    EXPECT_EQ(append({id, 1, 1, {}}, records_after({}, {"a"})).status, Status::kConflict);
    EXPECT_EQ(read(id).status, Status::kConflict);
    EXPECT_EQ(finish(id, State::kLost, "").status, Status::kConflict);
    EXPECT_EQ(foreign(), 5U);
    EXPECT_EQ(foreign(keys().meta(id)), 5U);
    EXPECT_EQ(text({"GET", keys().meta(id)}), "mine");
    EXPECT_EQ(number({"EXISTS", keys().chunks(id)}), 0);
}

TEST_P(ForeignKeysTest, AHashThatIsNoStreamIsLeftAlone) {
    const auto id = fresh_run();
    server().command({"HSET", keys().meta(id), "field", "mine"});
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 1000}).status, Status::kConflict);
    EXPECT_EQ(publish(id, "k", entries_of({"a"})).status, Status::kConflict);
    server().command({"HSET", keys().meta(id), "d", "o|o|mine"});
    EXPECT_EQ(claim({.id = id, .pid = 1, .lease_ms = 1000}).status, Status::kConflict);
    EXPECT_EQ(append({id, 1, 1, {}}, records_after({}, {"a"})).status, Status::kConflict);
    EXPECT_EQ(foreign(), 4U);
    EXPECT_EQ(text({"HGET", keys().meta(id), "d"}), "o|o|mine");
}

TEST_P(ForeignKeysTest, OneForeignKeyDoesNotHideTheOthers) {
    auto good = produce();
    const auto home = std::string(store::home_of(good.id));
    const auto bad = home + ".bad";
    produce(bad);
    server().command({"DEL", keys().meta(bad)});
    server().command({"SET", keys().meta(bad), "mine"});
    const auto garbled = home + ".garbled";
    produce(garbled);
    server().command({"HSET", keys().meta(garbled), "d", "o|o|mine"});

    const auto list = tail({bad, good.id, garbled});
    ASSERT_EQ(list.items.size(), 3U);
    EXPECT_EQ(list.items[0].status, Status::kConflict);
    EXPECT_EQ(list.items[1].status, Status::kOk);
    EXPECT_EQ(list.items[2].status, Status::kConflict);
    const auto listed = runs(home);
    ASSERT_EQ(listed.items.size(), 1U);
    EXPECT_EQ(listed.items[0].id, good.id);
    EXPECT_EQ(foreign(), 4U);
}

TEST_P(ForeignKeysTest, WhereTheEntriesAreOfAnotherTypeNothingIsWritten) {
    auto producer = produce();
    server().command({"SET", keys().chunks(producer.id), "mine"});
    const auto before = snapshot(producer.id);
    EXPECT_EQ(write(producer, {"a"}).status, Status::kConflict);
    EXPECT_EQ(end(producer).status, Status::kConflict);
    EXPECT_EQ(finish(producer.id, State::kLost, "").status, Status::kConflict);
    EXPECT_EQ(snapshot(producer.id), before);

    const auto shared = fresh_home();
    server().command({"SET", keys().chunks(shared), "mine"});
    EXPECT_EQ(publish(shared, "k", entries_of({"a"})).status, Status::kConflict);
    EXPECT_EQ(send_one(shared, "r").status, Status::kConflict);
    EXPECT_EQ(number({"EXISTS", keys().meta(shared), keys().published(shared), keys().sent(shared),
                      keys().meta(shared + ".r")}),
              0);
    EXPECT_EQ(foreign(), 5U);
}

TEST_P(ForeignKeysTest, WhereTheKeysOrTheRunsAreOfAnotherTypeNothingIsWritten) {
    const auto home = fresh_home();
    ASSERT_EQ(publish(home, "first", entries_of({"a"})).status, Status::kOk);
    server().command({"DEL", keys().published(home)});
    for (const auto& key : {keys().published(home), keys().sent(home), keys().runs(home)})
        server().command({"SET", key, "mine"});
    const auto before = snapshot(home);
    EXPECT_EQ(publish(home, "second", entries_of({"b"})).status, Status::kConflict);
    EXPECT_EQ(send_one(home, "r").status, Status::kConflict);
    server().command({"DEL", keys().sent(home)});
    EXPECT_EQ(send_one(home, "r").status, Status::kConflict);
    EXPECT_EQ(claim({.id = home + ".r", .pid = 1, .lease_ms = 100}).status, Status::kConflict);
    EXPECT_EQ(snapshot(home), before);
    EXPECT_EQ(number({"EXISTS", keys().meta(home + ".r"), keys().sent(home)}), 0);

    // A window that cannot be read is asked before the entry is written, too.
    server().command({"HSET", keys().sent(home), "a", "mine"});
    EXPECT_EQ(send_one(home, "r").status, Status::kConflict);
    EXPECT_EQ(snapshot(home), before);
    EXPECT_EQ(foreign(), 5U);
}

TEST_P(ForeignKeysTest, ForeignEntriesEndReadsAndWrites) {
    auto producer = produce();
    ASSERT_EQ(write(producer, {"a", "b"}).status, Status::kOk);
    const auto chunks = keys().chunks(producer.id);
    server().command({"RPUSH", chunks, "mine"});
    const auto before = snapshot(producer.id);
    EXPECT_EQ(write(producer, {"c"}).status, Status::kConflict);
    EXPECT_EQ(finish(producer.id, State::kLost, "").status, Status::kConflict);
    EXPECT_EQ(snapshot(producer.id), before) << "what the script pushed is gone again";
    EXPECT_EQ(read(producer.id).records.size(), 2U) << "behind the head it is not ours";

    server().command({"LSET", chunks, "1", "mine"});
    EXPECT_EQ(read(producer.id).status, Status::kConflict);
    EXPECT_EQ(read(producer.id, 1, 1).records.size(), 1U);
    server().command({"LPOP", chunks});
    server().command({"LPOP", chunks});
    server().command({"LPOP", chunks});
    EXPECT_EQ(read(producer.id).status, Status::kConflict) << "entries that are gone";
    EXPECT_EQ(foreign(), 4U);
}

TEST_P(ForeignKeysTest, AnEntryOfAnotherChainIsNoneOfTheStreams) {
    auto first = produce();
    auto other = produce();
    ASSERT_EQ(write(first, {"a", "b", "c"}).status, Status::kOk);
    ASSERT_EQ(write(other, {"a", "X", "c"}).status, Status::kOk);
    const auto stolen = text({"LINDEX", keys().chunks(other.id), "1"});
    server().command({"LSET", keys().chunks(first.id), "1", stolen});
    EXPECT_EQ(read(first.id).status, Status::kConflict);
    EXPECT_EQ(foreign(), 1U);
}

TEST_P(ForeignKeysTest, WhatOthersSayOnAHomesChannelIsNotDelivered) {
    const auto home = fresh_home();
    subscribe(home);
    const auto say = [&](std::string_view message) {
        server().command({"PUBLISH", keys().channel(home), message});
    };
    say("");
    say("mine");
    say(home + "|3|a|b");
    say(home + "|99999999999999999999|x");
    say(home + "|41|1|0000000000000000|0000000000000000|0|t|1");
    const std::string entry = "1|0000000000000000|0123456789abcdef|0|m|5|data";
    say("else|" + std::to_string(entry.size()) + "|" + entry);
    ASSERT_TRUE(arrives([&] { return foreign() == 6; }));
    EXPECT_TRUE(sink().live.empty());
    say(home + "|" + std::to_string(entry.size()) + "|" + entry);
    ASSERT_TRUE(arrives([&] { return !sink().live.empty(); }));
    EXPECT_EQ(sink().of(home).at(0).data.view(), "data");
}

}  // namespace
}  // namespace streamhost::redis
