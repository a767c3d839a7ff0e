#include <string>
#include <vector>

#include "support/two_drivers.hpp"

namespace streamhost::redis {
namespace {

using store::QueueDone;
using store::Status;
using store::conformance::QueueReply;

struct Jobs {
    RedisBench& bench;

    auto push(std::string queue, std::string payload) {
        return [=, this](QueueDone done) {
            return bench.store().jobs().push({.queue = queue, .payload = payload}, std::move(done));
        };
    }
    auto take(std::string queue, std::string consumer, std::uint32_t wait_ms, std::uint32_t idle_ms = 0,
              std::uint32_t max = 1) {
        return [=, this](QueueDone done) {
            return bench.store().jobs().take(
                {.queue = queue, .consumer = consumer, .max = max, .wait_ms = wait_ms, .idle_ms = idle_ms},
                std::move(done));
        };
    }
    auto ack(std::string queue, std::string id) {
        return [=, this](QueueDone done) {
            const std::string_view ids[] = {id};
            return bench.store().jobs().ack({.queue = queue, .jobs = ids}, std::move(done));
        };
    }
};

std::size_t consumers_of(std::string queue) {
    return RedisBench::server().command({"XINFO", "CONSUMERS", "streamhost:jobs:" + queue, "workers"}).size();
}

TEST(RedisJobWaitsTest, APushOnAnotherNodeWakesAtOnce) {
    TwoDrivers two;
    const auto waiting = start<QueueReply>(Jobs{two.b}.take("q", "w", 20'000));
    two.pass(50);
    ASSERT_EQ(waiting->answers, 0);
    const Stopwatch watch;
    two.run<QueueReply>(Jobs{two.a}.push("q", "job"));
    const auto taken = two.await(waiting);
    EXPECT_LE(watch.ms(), 50);
    ASSERT_EQ(taken.jobs.size(), 1U);
    EXPECT_EQ(taken.jobs[0].payload, "job");
}

TEST(RedisJobWaitsTest, AJobThatItsTakerForgetsGoesToAnotherNode) {
    TwoDrivers two;
    const auto id = two.run<QueueReply>(Jobs{two.a}.push("q", "job")).id;
    ASSERT_EQ(two.run<QueueReply>(Jobs{two.a}.take("q", "dead", 0)).jobs.size(), 1U);
    const Stopwatch watch;
    const auto again = two.run<QueueReply>(Jobs{two.b}.take("q", "live", 10'000, 300));
    EXPECT_GE(watch.ms(), 290);
    EXPECT_LE(watch.ms(), 900);
    ASSERT_EQ(again.jobs.size(), 1U);
    EXPECT_EQ(again.jobs[0].id, id);
    EXPECT_EQ(again.jobs[0].deliveries, 2U);
    EXPECT_EQ(two.run<QueueReply>(Jobs{two.b}.ack("q", id)).count, 1U);
    EXPECT_EQ(two.run<QueueReply>(Jobs{two.a}.ack("q", id)).count, 0U);
}

TEST(RedisJobWaitsTest, ManyTakesOnTwoNodesGetEachJobOnce) {
    constexpr int kJobs = 300;
    TwoDrivers two;
    std::vector<Pending<QueueReply>> takes;
    for (int i = 0; i < kJobs; ++i)
        takes.push_back(
            start<QueueReply>(Jobs{i % 3 ? two.a : two.b}.take("q", std::to_string(i % 7), 20'000)));
    two.pass(50);
    for (int i = 0; i < kJobs; ++i)
        start<QueueReply>(Jobs{i % 2 ? two.a : two.b}.push("q", std::to_string(i)));
    std::set<std::string> payloads;
    for (const auto& take : takes)
        for (const auto& job : two.await(take).jobs)
            EXPECT_TRUE(payloads.insert(job.payload).second) << job.payload << " twice";
    EXPECT_EQ(payloads.size(), static_cast<std::size_t>(kJobs));
}

TEST(RedisJobWaitsTest, ALostMessageCostsNoMoreThanAPoll) {
    TwoDrivers two;
    const auto waiting = start<QueueReply>(Jobs{two.b}.take("q", "w", 20'000));
    two.pass(50);
    two.b.port().cut_live_line();
    const Stopwatch watch;
    two.run<QueueReply>(Jobs{two.a}.push("q", "job"));
    EXPECT_EQ(two.await(waiting).jobs.size(), 1U);
    EXPECT_LE(watch.ms(), 600);
}

TEST(RedisJobWaitsTest, OneOfALineAsksHoweverManyStandInIt) {
    RedisBench bench({});
    std::vector<Pending<QueueReply>> waits;
    for (int i = 0; i < 200; ++i)
        waits.push_back(start<QueueReply>(Jobs{bench}.take("q", std::to_string(i), 1500)));
    bench.advance(100);
    const auto before = bench.port().calls();
    bench.advance(1300);
    EXPECT_LE(bench.port().calls() - before, 8U);
    EXPECT_TRUE(bench.run_until([&] { return bench.store().stats().in_flight == 0; }));
    for (const auto& wait : waits)
        EXPECT_EQ(wait->reply->status, Status::kTimeout);
}

TEST(RedisJobWaitsTest, OnlyConsumersThatHaveAJobAreKept) {
    RedisBench bench({});
    const auto run = [&](auto command) {
        const auto pending = start<QueueReply>(command);
        EXPECT_TRUE(bench.run_until([&] { return pending->answers > 0; }));
        return pending->reply.value_or(QueueReply());
    };
    Jobs jobs{bench};
    const auto one = run(jobs.push("q", "1")).id;
    const auto two = run(jobs.push("q", "2")).id;
    ASSERT_EQ(run(jobs.take("q", "w", 0, 0, 2)).jobs.size(), 2U);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(run(jobs.take("q", "idle" + std::to_string(i), 0, 60'000)).status, Status::kTimeout);
    EXPECT_EQ(consumers_of("q"), 1U);
    EXPECT_EQ(run(jobs.ack("q", one)).count, 1U);
    EXPECT_EQ(consumers_of("q"), 1U);
    EXPECT_EQ(run(jobs.ack("q", two)).count, 1U);
    EXPECT_EQ(consumers_of("q"), 0U);
    EXPECT_EQ(run(jobs.ack("q", "no id")).count, 0U);
}

TEST(RedisJobWaitsTest, AnEmptyQueueHasAnEndAndOneWithJobsHasNone) {
    RedisBench bench({});
    const auto run = [&](auto command) {
        const auto pending = start<QueueReply>(command);
        EXPECT_TRUE(bench.run_until([&] { return pending->answers > 0; }));
        return pending->reply.value_or(QueueReply());
    };
    const auto left_ms = [] { return RedisBench::server().command({"PTTL", "streamhost:jobs:q"}).integer(); };
    Jobs jobs{bench};
    const auto id = run(jobs.push("q", "1")).id;
    EXPECT_EQ(left_ms(), -1);
    run(jobs.take("q", "w", 0));
    run(jobs.ack("q", id));
    EXPECT_GT(left_ms(), 0);
    run(jobs.push("q", "2"));
    EXPECT_EQ(left_ms(), -1);
    EXPECT_EQ(run(jobs.take("q", "w", 0)).jobs.at(0).payload, "2");
}

}  // namespace
}  // namespace streamhost::redis
