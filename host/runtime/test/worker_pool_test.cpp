#include "runtime/worker_pool.hpp"

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/test/fault_log.hpp"

namespace streamhost::runtime {
namespace {

constexpr std::uint64_t kLongMs = 10'000;  // a deadline that a passing test never reaches

/// A job that holds its thread until it is let go.
class Block {
public:
    Job job(std::string name) {
        return {std::move(name),
                [this] {
                    entered_.release();
                    go_.wait();
                },
                {}};
    }
    void wait_entered() { entered_.acquire(); }
    void let_go() { open_.set_value(); }

private:
    std::promise<void> open_;
    std::shared_future<void> go_ = open_.get_future().share();
    std::counting_semaphore<> entered_{0};
};

Job plain(std::string name, Task run) { return {std::move(name), std::move(run), {}}; }

TEST(WorkerPool, RunsJobsInItsRole) {
    const SystemClock clock;
    WorkerPool pool(clock, WorkerPoolOptions::short_jobs(2));
    std::promise<Roles> seen;
    ASSERT_EQ(pool.submit(plain("look", [&] { seen.set_value(thread_role().roles); })),
              SubmitStatus::accepted);
    EXPECT_EQ(seen.get_future().get(), Roles(Role::worker_short));
    EXPECT_TRUE(pool.stop(kLongMs).running.empty());
    EXPECT_EQ(pool.stats().done, 1U);
}

TEST(WorkerPool, AFullQueueIsBusyAndTheJobStaysTheCallers) {
    const SystemClock clock;
    auto options = WorkerPoolOptions::short_jobs(1);
    options.queue_limit = 1;
    WorkerPool pool(clock, options);
    Block block;
    ASSERT_EQ(pool.submit(block.job("first")), SubmitStatus::accepted);
    block.wait_entered();
    ASSERT_EQ(pool.submit(plain("second", [] {})), SubmitStatus::accepted);
    bool ran = false;
    Job third = plain("third", [&] { ran = true; });
    EXPECT_EQ(pool.submit(std::move(third)), SubmitStatus::busy);
    third.run();  // NOLINT(bugprone-use-after-move): refused, so still ours
    EXPECT_TRUE(ran);
    EXPECT_EQ(pool.stats().busy, 1U);
    EXPECT_EQ(pool.stats().waiting, 1U);
    block.let_go();
    EXPECT_TRUE(pool.stop(kLongMs).dropped.empty());
    EXPECT_EQ(pool.stats().done, 2U);
}

TEST(WorkerPool, AnOwedJobGetsThroughAPoolWhoseJobsAllWaitForIt) {
    const SystemClock clock;
    for (const auto& options : {WorkerPoolOptions::long_jobs(2), WorkerPoolOptions::short_jobs(2)}) {
        WorkerPool pool(clock, options);
        std::array<std::promise<void>, 2> answers;
        for (auto& answer : answers) {
            ASSERT_EQ(pool.submit(plain("asks", [&] { answer.get_future().wait(); })),
                      SubmitStatus::accepted);
        }
        for (auto& answer : answers)
            EXPECT_TRUE(pool.submit_owed(plain("answer", [&] { answer.set_value(); })));
        const auto report = pool.stop(kLongMs);
        EXPECT_TRUE(report.running.empty());
        EXPECT_TRUE(report.dropped.empty());
        EXPECT_EQ(pool.stats().done, 4U);
    }
}

TEST(WorkerPool, OwedJobsGoFirstAndTheirThreadsTakeNoOthers) {
    const SystemClock clock;
    auto options = WorkerPoolOptions::short_jobs(1);
    options.owed_threads = 1;
    WorkerPool pool(clock, options);
    Block common;
    Block owed;
    ASSERT_EQ(pool.submit(common.job("first")), SubmitStatus::accepted);
    common.wait_entered();
    ASSERT_TRUE(pool.submit_owed(owed.job("owed")));
    owed.wait_entered();             // beside the first, on the one thread beyond
    std::vector<std::string> order;  // of one thread at a time: what waits runs after either is let go
    ASSERT_EQ(pool.submit(plain("second", [&] { order.emplace_back("second"); })), SubmitStatus::accepted);
    std::promise<void> ran;
    ASSERT_TRUE(pool.submit_owed(plain("owed too", [&] {
        order.emplace_back("owed too");
        ran.set_value();
    })));
    owed.let_go();  // its thread takes the next owed job, and must leave "second" alone
    ran.get_future().wait();
    EXPECT_EQ(pool.stats().waiting, 1U);
    common.let_go();
    EXPECT_TRUE(pool.stop(kLongMs).dropped.empty());
    EXPECT_EQ(order, (std::vector<std::string>{"owed too", "second"}));
}

TEST(WorkerPool, OwedJobsAreRefusedOnceThePoolStops) {
    const SystemClock clock;
    WorkerPool pool(clock, WorkerPoolOptions::short_jobs(1));
    EXPECT_TRUE(pool.stop(kLongMs).running.empty());
    bool ran = false;
    Job job = plain("late", [&] { ran = true; });
    EXPECT_FALSE(pool.submit_owed(std::move(job)));
    job.run();  // NOLINT(bugprone-use-after-move): refused, so still ours
    EXPECT_TRUE(ran);
}

TEST(WorkerPool, LongJobsGetAThreadEachUpToTheCap) {
    const SystemClock clock;
    constexpr std::size_t kCap = 20;
    WorkerPool pool(clock, WorkerPoolOptions::long_jobs(kCap));
    Block block;
    for (std::size_t i = 0; i < kCap; ++i)
        ASSERT_EQ(pool.submit(block.job("run")), SubmitStatus::accepted);
    for (std::size_t i = 0; i < kCap; ++i)
        block.wait_entered();
    EXPECT_EQ(pool.stats().running, kCap);
    EXPECT_EQ(pool.submit(plain("beyond", [] {})), SubmitStatus::busy);
    block.let_go();
    EXPECT_TRUE(pool.stop(kLongMs).running.empty());
    EXPECT_EQ(pool.stats().threads, 0U);
}

TEST(WorkerPool, IdleThreadsRetireAndComeBackOnDemand) {
    const SystemClock clock;
    auto options = WorkerPoolOptions::long_jobs(4);
    options.idle_ms = 1;
    WorkerPool pool(clock, options);
    for (int turn = 0; turn < 3; ++turn) {
        Block block;
        for (int i = 0; i < 4; ++i)
            ASSERT_EQ(pool.submit(block.job("run")), SubmitStatus::accepted);
        for (int i = 0; i < 4; ++i)
            block.wait_entered();
        block.let_go();
        while (pool.stats().threads > 0)
            std::this_thread::yield();
    }
    EXPECT_EQ(pool.stats().done, 12U);
}

TEST(WorkerPool, AnOverrunIsCountedAndNamed) {
    ManualClock clock;
    auto options = WorkerPoolOptions::short_jobs(1);
    std::promise<std::pair<std::string, std::uint64_t>> told;
    options.on_overrun = [&](const std::string& job, std::uint64_t took_ms) {
        told.set_value({job, took_ms});
    };
    WorkerPool pool(clock, options);
    ASSERT_EQ(pool.submit(plain("in time", [&] { clock.advance_ms(100); })), SubmitStatus::accepted);
    ASSERT_EQ(pool.submit(plain("slow", [&] { clock.advance_ms(250); })), SubmitStatus::accepted);
    const auto overrun = told.get_future().get();
    EXPECT_EQ(overrun.first, "slow");
    EXPECT_EQ(overrun.second, 250U);
    EXPECT_TRUE(pool.stop(kLongMs).running.empty());
    EXPECT_EQ(pool.stats().overruns, 1U);
}

TEST(WorkerPool, AStuckJobIsNamedWaitingOnesAreDropped) {
    ManualClock clock;
    WorkerPool pool(clock, WorkerPoolOptions::short_jobs(1));
    Block block;
    ASSERT_EQ(pool.submit(block.job("plugin:history")), SubmitStatus::accepted);
    block.wait_entered();
    bool ran = false;
    int dropped = 0;
    ASSERT_EQ(pool.submit({"plugin:auth", [&] { ran = true; }, [&] { ++dropped; }}), SubmitStatus::accepted);
    clock.advance_ms(70);
    const auto report = pool.stop(5);
    EXPECT_EQ(report.running, std::vector<std::string>{"plugin:history"});
    EXPECT_EQ(report.dropped, std::vector<std::string>{"plugin:auth"});
    EXPECT_FALSE(ran);
    EXPECT_EQ(dropped, 1);
    EXPECT_EQ(pool.submit(plain("late", [] {})), SubmitStatus::stopping);
    ASSERT_EQ(pool.running().size(), 1U);
    EXPECT_EQ(pool.running()[0].for_ms, 70U);
    block.let_go();
    EXPECT_TRUE(pool.stop(kLongMs).running.empty());
}

TEST(WorkerPool, AnExceptionIsAFaultWithTheJobsName) {
    const test::FaultLog log;
    const SystemClock clock;
    WorkerPool pool(clock, WorkerPoolOptions::short_jobs(1));
    ASSERT_EQ(pool.submit(plain("bad", [] { throw std::runtime_error("no"); })), SubmitStatus::accepted);
    EXPECT_TRUE(pool.stop(kLongMs).running.empty());
    EXPECT_EQ(log.lines(), std::vector<std::string>{"bad: no"});
    EXPECT_EQ(pool.stats().done, 1U);
}

TEST(WorkerPool, StopWhileManySubmitEndsEachAcceptedJobOnce) {
    const SystemClock clock;
    for (int attempt = 0; attempt < 10; ++attempt) {
        WorkerPool pool(clock, WorkerPoolOptions::short_jobs(3));
        std::atomic<int> accepted{0};
        std::atomic<int> ended{0};
        std::vector<std::thread> producers;
        for (int producer = 0; producer < 3; ++producer) {
            producers.emplace_back([&] {
                for (;;) {
                    const auto end = [&] { ended.fetch_add(1, std::memory_order_relaxed); };
                    const auto status = pool.submit({"job", end, end});
                    if (status == SubmitStatus::stopping) return;
                    if (status == SubmitStatus::accepted) accepted.fetch_add(1, std::memory_order_relaxed);
                }
            });
        }
        while (ended.load(std::memory_order_relaxed) < 200)
            std::this_thread::yield();
        const auto first = pool.stop(0);
        for (auto& producer : producers)
            producer.join();
        EXPECT_TRUE(pool.stop(kLongMs).running.empty());
        EXPECT_EQ(ended.load(), accepted.load());
    }
}

}  // namespace
}  // namespace streamhost::runtime
