// Every call goes to the server twice, as after an answer that was lost with its connection; what counts is
// what the second one says and does.

#include <string>
#include <vector>

#include "support/two_drivers.hpp"

namespace streamhost::redis {
namespace {

using store::KeyIf;
using store::Status;
using namespace store::conformance;

class RedisRepeatsTest : public testing::Test {
protected:
    RedisRepeatsTest() { bench_.port().repeat_calls(); }

    template <typename Reply, typename Command>
    Reply run(Command&& command) {
        const auto pending = start<Reply>(std::forward<Command>(command));
        EXPECT_TRUE(bench_.run_until([&] { return pending->answers > 0; }));
        return pending->reply.value_or(Reply());
    }
    KeyReply set(std::string_view value, KeyIf condition, std::string_view expected = {}) {
        return run<KeyReply>([&](store::KeyDone done) {
            return bench_.store().keys().key_set(
                {.key = "k", .value = value, .ttl_ms = 30'000, .condition = condition, .expected = expected},
                std::move(done));
        });
    }

    RedisBench bench_{{}};
};

TEST_F(RedisRepeatsTest, ATakeIsGivenTheSameJobsAgain) {
    auto& jobs = bench_.store().jobs();
    for (int i = 0; i < 3; ++i)
        RedisBench::server().command({"XADD", "streamhost:jobs:q", "*", "p", std::to_string(i)});
    RedisBench::server().command({"XGROUP", "CREATE", "streamhost:jobs:q", "workers", "0"});
    const auto take = [&](store::QueueDone done) {
        return jobs.take({.queue = "q", .consumer = "w", .max = 2}, std::move(done));
    };
    const auto first = run<QueueReply>(take);
    ASSERT_EQ(first.jobs.size(), 2U);
    EXPECT_EQ(first.jobs[0].payload, "0");
    EXPECT_EQ(first.jobs[0].deliveries, 1U);
    EXPECT_EQ(first.jobs[1].payload, "1");
    const auto second = run<QueueReply>(take);
    ASSERT_EQ(second.jobs.size(), 1U);
    EXPECT_EQ(second.jobs[0].payload, "2");
}

TEST_F(RedisRepeatsTest, AnExpiryReturnsTheSameEntriesAgain) {
    auto& registry = bench_.store().registry();
    for (const char* session : {"s1", "s2"})
        EXPECT_EQ(run<SessionReply>([&](store::SessionDone done) {
                      return registry.session_put(
                          {.session = session, .node = "n", .user = "u", .data = "d", .lease_ms = 20},
                          std::move(done));
                  }).status,
                  Status::kOk);
    bench_.advance(50);
    const auto expire = [&](store::SessionDone done) { return registry.session_expire({}, std::move(done)); };
    const auto lapsed = run<SessionReply>(expire);
    ASSERT_EQ(lapsed.entries.size(), 2U);
    EXPECT_EQ(lapsed.entries[0].session, "s1");
    EXPECT_EQ(lapsed.entries[0].data, "d");
    EXPECT_EQ(lapsed.total, 0U);
    EXPECT_TRUE(run<SessionReply>(expire).entries.empty());
}

TEST_F(RedisRepeatsTest, ASetKnowsItsOwnValue) {
    EXPECT_EQ(set("a", KeyIf::kMissing).status, Status::kOk);
    EXPECT_EQ(set("a", KeyIf::kMissing).status, Status::kConflict);
    EXPECT_EQ(set("b", KeyIf::kEquals, "a").status, Status::kOk);
    EXPECT_EQ(set("b", KeyIf::kEquals, "a").status, Status::kConflict);
    EXPECT_EQ(set("c", KeyIf::kAlways).value, "c");
}

TEST_F(RedisRepeatsTest, ARemovalKnowsThatItRemoved) {
    set("a", KeyIf::kAlways);
    const auto remove = [&] {
        return run<KeyReply>([&](store::KeyDone done) {
            return bench_.store().keys().key_remove(
                {.key = "k", .condition = KeyIf::kEquals, .expected = "a"}, std::move(done));
        });
    };
    EXPECT_EQ(remove().status, Status::kOk);
    EXPECT_EQ(remove().status, Status::kNotFound);
}

TEST_F(RedisRepeatsTest, TokensAreTakenOnce) {
    const auto take = [&](std::uint32_t want) {
        return run<RateReply>([&](store::RateDone done) {
            return bench_.store().keys().rate_take(
                {.key = "r", .interval_ns = 3'600'000'000'000, .burst = 10, .want = want}, std::move(done));
        });
    };
    EXPECT_EQ(take(4).granted, 4U);
    EXPECT_EQ(take(8).granted, 6U);
    EXPECT_EQ(take(1).granted, 0U);
}

TEST_F(RedisRepeatsTest, ALockIsHeldUnderOneTokenAndFreedOnce) {
    auto& locks = bench_.store().locks();
    const auto lock = [&](std::string_view owner) {
        return run<LockReply>([&](store::LockDone done) {
            return locks.lock({.name = "l", .owner = owner, .lease_ms = 30'000}, std::move(done));
        });
    };
    const auto held = lock("a");
    EXPECT_EQ(held.status, Status::kOk);
    EXPECT_EQ(lock("a").token, held.token);
    EXPECT_EQ(run<LockReply>([&](store::LockDone done) {
                  return locks.lock_release({.name = "l", .token = held.token}, std::move(done));
              }).status,
              Status::kDuplicate);
    EXPECT_GT(lock("b").token, held.token);
}

TEST_F(RedisRepeatsTest, AMessageStandsInTheHistoryOnce) {
    auto& keys = bench_.store().keys();
    EXPECT_EQ(run<HistoryReply>([&](store::HistoryDone done) {
                  return keys.history_push({.home = "h", .id = "1", .data = "x"}, std::move(done));
              }).status,
              Status::kDuplicate);
    EXPECT_EQ(run<HistoryReply>([&](store::HistoryDone done) {
                  return keys.history_list({.home = "h"}, std::move(done));
              }).items.size(),
              1U);
}

}  // namespace
}  // namespace streamhost::redis
