#include "runtime/gate.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/loop_group.hpp"
#include "runtime/test/fault_log.hpp"

namespace streamhost::runtime {
namespace {

constexpr std::uint64_t kLongMs = 10'000;

TEST(CountedGate, RefusesAfterCloseAndWaitsForTheLast) {
    CountedGate gate;
    ASSERT_TRUE(gate.enter());
    ASSERT_TRUE(gate.enter());
    gate.close();
    EXPECT_FALSE(gate.enter());
    EXPECT_EQ(gate.inside(), 2U);
    EXPECT_FALSE(gate.wait_empty(1));
    gate.leave();
    std::thread last([&] { gate.leave(); });
    EXPECT_TRUE(gate.wait_empty(kLongMs));
    last.join();
    EXPECT_TRUE(gate.closed());
}

TEST(CountedGate, NamesItsHolders) {
    CountedGate gate;
    {
        const GatePass first(gate, "session.find");
        const GatePass second(gate, "history.read");
        ASSERT_TRUE(first);
#ifndef NDEBUG
        EXPECT_EQ(gate.holders(), (std::vector<std::string>{"session.find", "history.read"}));
#else
        EXPECT_EQ(gate.holders(), (std::vector<std::string>{"2 calls"}));
#endif
    }
    EXPECT_TRUE(gate.holders().empty());
    gate.close();
    const GatePass refused(gate, "late");
    EXPECT_FALSE(refused);
    EXPECT_TRUE(gate.holders().empty());
}

TEST(CountedGate, DestroyingAHeldGateIsAFault) {
    const test::FaultLog log;
    {
        CountedGate gate;
        ASSERT_TRUE(gate.enter());
    }
    EXPECT_EQ(log.lines(), std::vector<std::string>{"CountedGate: destroyed with holders inside"});
}

TEST(CountedGate, CloseWhileManyPassLeavesNobodyInside) {
    for (int attempt = 0; attempt < 50; ++attempt) {
        CountedGate gate;
        std::atomic<int> working{0};
        std::atomic<int> passes{0};
        std::vector<std::thread> workers;
        workers.reserve(3);
        for (int worker = 0; worker < 3; ++worker) {
            workers.emplace_back([&] {
                while (gate.enter()) {
                    working.fetch_add(1, std::memory_order_relaxed);
                    passes.fetch_add(1, std::memory_order_relaxed);
                    working.fetch_sub(1, std::memory_order_relaxed);
                    gate.leave();
                }
            });
        }
        while (passes.load(std::memory_order_relaxed) < 100)
            std::this_thread::yield();
        gate.close();
        ASSERT_TRUE(gate.wait_empty(kLongMs));
        EXPECT_EQ(working.load(std::memory_order_relaxed), 0);
        for (auto& worker : workers)
            worker.join();
    }
}

TEST(CountedGate, TheLastHolderTouchesNothingAfterItsWaiterIsFree) {
    for (int attempt = 0; attempt < 200; ++attempt) {
        auto gate = std::make_unique<CountedGate>();
        ASSERT_TRUE(gate->enter());
        std::thread last([at = gate.get()] { at->leave(); });
        gate->close();
        ASSERT_TRUE(gate->wait_empty(kLongMs));
        gate.reset();
        last.join();
    }
}

class QuiesceTest : public testing::Test {
protected:
    QuiesceTest() {
        LoopGroupOptions options;
        options.loops = 2;
        group_ = std::make_unique<LoopGroup>(clock_, options);
    }
    SystemClock clock_;
    std::unique_ptr<LoopGroup> group_;
};

TEST_F(QuiesceTest, IdleLoopsAreQuietAtOnce) {
    group_->start();
    EXPECT_TRUE(wait_quiet(*group_, kLongMs).empty());
}

TEST_F(QuiesceTest, AHandlerThatSawTheGateOpenIsWaitedFor) {
    group_->start();
    RoundGate gate;
    std::promise<void> entered;
    std::promise<void> go;
    auto gone = go.get_future();
    std::atomic<bool> inside{false};
    ASSERT_EQ(group_->loop(1).post([&] {
        if (!gate.open()) return;
        inside = true;
        entered.set_value();
        gone.wait();
        inside = false;
    }),
              PostStatus::accepted);
    entered.get_future().wait();
    gate.close();
    std::promise<bool> quiet;
    quiesce(*group_, [&] { quiet.set_value(inside.load()); });
    EXPECT_THAT(wait_quiet(*group_, 1), testing::Contains("loop-1"));
    go.set_value();
    EXPECT_FALSE(quiet.get_future().get()) << "called while a handler was inside";
    EXPECT_TRUE(wait_quiet(*group_, kLongMs).empty());
}

TEST_F(QuiesceTest, HooksOfTheRoundCountAsInside) {
    struct Hook final : RoundHook {
        RoundGate* gate = nullptr;
        bool seen_open = false;
        bool used_after = false;
        std::atomic<bool>* quiet = nullptr;
        bool on_round_end() override {
            if (seen_open && quiet->load()) used_after = true;
            seen_open = false;
            return false;
        }
    } hook;
    RoundGate gate;
    std::atomic<bool> quiet{false};
    hook.gate = &gate;
    hook.quiet = &quiet;
    Loop& loop = group_->loop(0);
    loop.add_hook(hook);
    // All three run in the first round: the handler leaves work for the hook, then the gate closes.
    ASSERT_EQ(loop.post([&] { hook.seen_open = gate.open(); }), PostStatus::accepted);
    ASSERT_EQ(loop.post([&] {
        gate.close();
        quiesce(*group_, [&] { quiet = true; });
    }),
              PostStatus::accepted);
    group_->start();
    EXPECT_TRUE(wait_quiet(*group_, kLongMs).empty());
    EXPECT_TRUE(group_->stop(kLongMs).stuck.empty());
    EXPECT_TRUE(quiet.load());
    EXPECT_FALSE(hook.used_after);
}

TEST_F(QuiesceTest, EndedLoopsAreQuiet) {
    group_->start();
    ASSERT_TRUE(group_->stop(kLongMs).stuck.empty());
    int calls = 0;
    quiesce(*group_, [&] { ++calls; });
    EXPECT_EQ(calls, 1);
}

TEST_F(QuiesceTest, LoopsThatNeverRanAnswerWhenTheyAreDestroyed) {
    int calls = 0;
    quiesce(*group_, [&] { ++calls; });
    EXPECT_EQ(calls, 0);
    group_.reset();
    EXPECT_EQ(calls, 1);
}

TEST_F(QuiesceTest, WaitingOnALoopIsAFaultNotADeadlock) {
    const test::FaultLog log;
    group_->start();
    std::promise<std::size_t> waiting;
    ASSERT_EQ(group_->loop(0).post([&] { waiting.set_value(wait_quiet(*group_, kLongMs).size()); }),
              PostStatus::accepted);
    EXPECT_EQ(waiting.get_future().get(), group_->all_size());
    EXPECT_EQ(log.lines().size(), 1U);
}

}  // namespace
}  // namespace streamhost::runtime
