#include <functional>
#include <set>
#include <string>
#include <vector>

#include "support/two_drivers.hpp"

namespace streamhost::redis {
namespace {

using store::LockDone;
using store::LockResult;
using store::Status;
using store::Submit;
using store::conformance::LockReply;

struct Locks {
    RedisBench& bench;

    auto lock(std::string name, std::string owner, std::uint32_t lease_ms, std::uint32_t wait_ms = 0) {
        return [=, this](LockDone done) {
            return bench.store().locks().lock(
                {.name = name, .owner = owner, .lease_ms = lease_ms, .wait_ms = wait_ms}, std::move(done));
        };
    }
    auto release(std::string name, std::uint64_t token) {
        return [=, this](LockDone done) {
            return bench.store().locks().lock_release({.name = name, .token = token}, std::move(done));
        };
    }
};

// Every waiter releases as soon as it has it.
struct Crowd {
    void join(RedisBench& bench, const std::string& owner) {
        EXPECT_EQ(
            Locks{bench}.lock("crowd", owner, 30'000, 60'000)([this, &bench, owner](const LockResult& r) {
                EXPECT_EQ(r.status, Status::kOk);
                EXPECT_GT(r.token, last);
                EXPECT_TRUE(owners.insert(owner).second) << owner << " twice";
                last = r.token;
                EXPECT_EQ(Locks{bench}.release("crowd", r.token)([this](const LockResult& released) {
                    EXPECT_EQ(released.status, Status::kOk);
                    ++released_;
                }),
                          Submit::kAccepted);
            }),
            Submit::kAccepted);
    }

    std::uint64_t last = 0;
    std::set<std::string> owners;
    std::size_t released_ = 0;
};

TEST(RedisLockWaitsTest, OfAThousandOnTwoNodesEachGetsItOnceWithARisingToken) {
    constexpr std::size_t kWaiters = 1000;
    TwoDrivers two;
    Crowd crowd;
    crowd.last = two.run<LockReply>(Locks{two.a}.lock("crowd", "first", 30'000)).token;
    for (std::size_t i = 0; i < kWaiters; ++i)
        crowd.join(i % 2 ? two.a : two.b, std::to_string(i));
    const auto first = crowd.last;
    two.pass(200);
    EXPECT_TRUE(crowd.owners.empty());
    const Stopwatch watch;
    EXPECT_EQ(two.run<LockReply>(Locks{two.a}.release("crowd", first)).status, Status::kOk);
    for (std::size_t before = 0; crowd.released_ < kWaiters; before = crowd.released_)
        ASSERT_TRUE(two.until([&] { return crowd.released_ >= std::min(before + 50, kWaiters); }));
    EXPECT_EQ(crowd.owners.size(), kWaiters);
    RecordProperty("handed_over_in_ms", std::to_string(watch.ms()));
    EXPECT_LT(watch.ms(), 20 * static_cast<std::int64_t>(kWaiters));
}

TEST(RedisLockWaitsTest, AHolderThatStopsRenewingFreesItInTime) {
    TwoDrivers two;
    const Stopwatch watch;
    const auto dead = two.run<LockReply>(Locks{two.a}.lock("l", "dead", 300));
    const auto next = two.run<LockReply>(Locks{two.b}.lock("l", "next", 30'000, 10'000));
    EXPECT_EQ(next.status, Status::kOk);
    EXPECT_GT(next.token, dead.token);
    EXPECT_GE(watch.ms(), 299);
    EXPECT_LE(watch.ms(), 400);
}

TEST(RedisLockWaitsTest, AReleaseOnAnotherNodeWakesAtOnce) {
    TwoDrivers two;
    const auto held = two.run<LockReply>(Locks{two.a}.lock("l", "a", 30'000));
    const auto waiting = start<LockReply>(Locks{two.b}.lock("l", "b", 30'000, 20'000));
    two.pass(100);
    ASSERT_EQ(waiting->answers, 0);
    const Stopwatch watch;
    two.run<LockReply>(Locks{two.a}.release("l", held.token));
    EXPECT_EQ(two.await(waiting).status, Status::kOk);
    EXPECT_LE(watch.ms(), 50);
}

TEST(RedisLockWaitsTest, AReleaseAfterTheLapseFreesNobodyElses) {
    TwoDrivers two;
    const auto late = two.run<LockReply>(Locks{two.a}.lock("l", "late", 50));
    two.pass(60);
    const auto next = two.run<LockReply>(Locks{two.b}.lock("l", "next", 30'000));
    ASSERT_EQ(next.status, Status::kOk);
    const auto refused = two.run<LockReply>(Locks{two.a}.release("l", late.token));
    EXPECT_EQ(refused.status, Status::kFenced);
    EXPECT_EQ(refused.holder, "next");
    EXPECT_EQ(two.run<LockReply>(Locks{two.a}.lock("l", "third", 1000)).holder, "next");
}

TEST(RedisLockWaitsTest, ALostMessageCostsNoMoreThanAPoll) {
    TwoDrivers two;
    const auto held = two.run<LockReply>(Locks{two.a}.lock("l", "a", 30'000));
    const auto waiting = start<LockReply>(Locks{two.b}.lock("l", "b", 30'000, 20'000));
    two.pass(50);
    two.b.port().cut_live_line();
    const Stopwatch watch;
    two.run<LockReply>(Locks{two.a}.release("l", held.token));
    EXPECT_EQ(two.await(waiting).status, Status::kOk);
    EXPECT_LE(watch.ms(), 1100);
}

TEST(RedisLockWaitsTest, OneOfALineAsksHoweverManyStandInIt) {
    RedisBench bench({});
    start<LockReply>(Locks{bench}.lock("l", "holder", 30'000));
    std::vector<Pending<LockReply>> waits;
    for (int i = 0; i < 200; ++i)
        waits.push_back(start<LockReply>(Locks{bench}.lock("l", std::to_string(i), 30'000, 1500)));
    bench.advance(100);
    const auto before = bench.port().calls();
    bench.advance(1300);
    EXPECT_LE(bench.port().calls() - before, 3U);
    EXPECT_TRUE(bench.run_until([&] { return bench.store().stats().in_flight == 0; }));
    for (const auto& wait : waits) {
        EXPECT_EQ(wait->reply->status, Status::kHeld);
        EXPECT_EQ(wait->reply->holder, "holder");
    }
}

// The clock of the server was ahead, and was set right.
TEST(RedisLockWaitsTest, TokensRiseAlsoWhenTheTimeDoesNot) {
    RedisBench bench({});
    const std::uint64_t ahead =
        1'000 + std::stoull(std::string(RedisBench::server().command({"TIME"}).first().text())) * 1000 +
        100'000;
    RedisBench::server().command(
        {"HSET", "streamhost:lock:l", "token", std::to_string(ahead), "owner", "x", "lapse", "0"});
    const auto next = start<LockReply>(Locks{bench}.lock("l", "b", 1000));
    ASSERT_TRUE(bench.run_until([&] { return next->answers > 0; }));
    EXPECT_EQ(next->reply->token, ahead + 1);
}

}  // namespace
}  // namespace streamhost::redis
