#include "runtime/loop.hpp"

#include <sys/socket.h>

#include <array>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/test/fault_log.hpp"

namespace streamhost::runtime {
namespace {

/// A socket pair whose second end is watched.
class Pair final : public FdHandler {
public:
    Pair() {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds_.data()) != 0)
            std::abort();
    }
    ~Pair() {
        for (const int fd : fds_)
            ::close(fd);
    }
    void watch(Loop& loop, std::uint32_t events = EPOLLIN) {
        ASSERT_FALSE(loop.watch(fds_[1], events, *this, token));
    }
    void ring() { ASSERT_EQ(::send(fds_[0], "x", 1, MSG_NOSIGNAL), 1); }
    void drain() {
        char byte = 0;
        while (::recv(fds_[1], &byte, 1, 0) == 1) {
        }
    }
    void on_fd(std::uint32_t events) override {
        ++calls;
        seen |= events;
        if (then) then();
    }

    FdToken token;
    int calls = 0;
    std::uint32_t seen = 0;
    std::function<void()> then;

private:
    std::array<int, 2> fds_{-1, -1};
};

class LoopTest : public testing::Test {
protected:
    ManualClock clock_{1'000};
    Loop loop_{clock_, {}};
};

/// Runs a loop on a thread of its own and ends it.
class Running {
public:
    explicit Running(Loop& loop) : loop_(loop), thread_([this] { report = loop_.run(); }) {}
    ~Running() {
        if (thread_.joinable()) stop(10'000);
    }
    void stop(std::uint64_t grace_ms) {
        loop_.request_stop(grace_ms);
        thread_.join();
    }
    Loop::StopReport report;

private:
    Loop& loop_;
    std::thread thread_;
};

TEST_F(LoopTest, ReportsReadableDescriptorsAgainUntilTheyAreDrained) {
    Pair pair;
    pair.watch(loop_);
    loop_.run_once(0);
    EXPECT_EQ(pair.calls, 0);
    pair.ring();
    loop_.run_once(0);
    loop_.run_once(0);
    EXPECT_EQ(pair.calls, 2);
    EXPECT_TRUE(pair.seen & EPOLLIN);
    pair.drain();
    loop_.run_once(0);
    EXPECT_EQ(pair.calls, 2);
}

TEST_F(LoopTest, RewatchChangesTheEventsAndRefusesAnEndedWatch) {
    Pair pair;
    pair.watch(loop_, EPOLLIN);
    ASSERT_FALSE(loop_.rewatch(pair.token, EPOLLOUT));
    pair.ring();
    loop_.run_once(0);
    EXPECT_EQ(pair.seen, static_cast<std::uint32_t>(EPOLLOUT));
    const FdToken old = pair.token;
    loop_.unwatch(pair.token);
    EXPECT_FALSE(pair.token);
    EXPECT_TRUE(loop_.rewatch(old, EPOLLIN));
    loop_.unwatch(pair.token);
}

TEST_F(LoopTest, WatchingABadDescriptorFailsAndLeavesNothing) {
    Pair pair;
    FdToken token;
    const auto error = loop_.watch(-1, EPOLLIN, pair, token);
    EXPECT_EQ(error, std::errc::bad_file_descriptor);
    EXPECT_FALSE(token);
}

TEST_F(LoopTest, ALateEventReachesNobodyWhenItsDescriptorNumberIsReused) {
    auto first = std::make_unique<Pair>();
    auto second = std::make_unique<Pair>();
    std::unique_ptr<Pair> fresh;
    int late_calls = 0;
    // Whichever is served first destroys the other and opens a pair that gets its descriptor numbers.
    const auto replace = [&](std::unique_ptr<Pair>& victim) {
        loop_.unwatch(victim->token);
        victim.reset();
        fresh = std::make_unique<Pair>();
        fresh->watch(loop_);
        fresh->then = [&] { ++late_calls; };
    };
    first->then = [&] { replace(second); };
    second->then = [&] { replace(first); };
    first->watch(loop_);
    second->watch(loop_);
    first->ring();
    second->ring();
    loop_.run_once(0);
    EXPECT_TRUE((first == nullptr) != (second == nullptr));
    EXPECT_EQ(late_calls, 0);
}

TEST_F(LoopTest, WhatIsForgottenAndClosedIsWatchedNoMoreAndItsNumberMayBe) {
    auto first = std::make_unique<Pair>();
    first->watch(loop_);
    first->ring();
    const FdToken old = first->token;
    loop_.forget(first->token);
    EXPECT_FALSE(first->token);
    EXPECT_TRUE(loop_.rewatch(old, EPOLLIN));
    first.reset();
    Pair second;  // has its numbers
    second.watch(loop_);
    loop_.run_once(0);
    EXPECT_EQ(second.calls, 0);
    second.ring();
    loop_.run_once(0);
    EXPECT_EQ(second.calls, 1);
    loop_.unwatch(second.token);
}

TEST_F(LoopTest, AHandlerMayDestroyItself) {
    auto pair = std::make_unique<Pair>();
    pair->watch(loop_);
    pair->then = [&] {
        loop_.unwatch(pair->token);
        auto doomed = std::move(pair);
        doomed->then = nullptr;  // the closure must not die while it runs
    };
    auto* raw = pair.get();
    raw->ring();
    auto then = std::move(raw->then);
    raw->then = [&then] { then(); };
    loop_.run_once(0);
    EXPECT_EQ(pair, nullptr);
}

TEST_F(LoopTest, PhasesRunInOrderAndHooksOncePerRound) {
    std::vector<std::string> order;
    Pair pair;
    pair.watch(loop_);
    pair.then = [&] {
        order.emplace_back("event");
        pair.drain();
    };
    struct Tick : TimerFor<Tick, int> {
        std::vector<std::string>* order = nullptr;
        void on_timer(int) { order->emplace_back("timer"); }
    } tick;
    tick.order = &order;
    struct Flush final : RoundHook {
        std::vector<std::string>* order = nullptr;
        bool on_round_end() override {
            order->emplace_back("hook");
            return false;
        }
    } flush;
    flush.order = &order;
    loop_.add_hook(flush);
    loop_.arm(tick, 5);
    clock_.advance_ms(5);
    ASSERT_EQ(loop_.post([&] {
        order.emplace_back("task");
        loop_.after_round([&] { order.emplace_back("after"); });
    }),
              PostStatus::accepted);
    ASSERT_EQ(loop_.post([&] { order.emplace_back("task"); }), PostStatus::accepted);
    pair.ring();
    loop_.run_once(0);
    EXPECT_EQ(order, (std::vector<std::string>{"event", "timer", "task", "task", "hook", "after"}));
    loop_.remove_hook(flush);
    loop_.run_once(0);
    EXPECT_EQ(order.size(), 6U);
    EXPECT_EQ(loop_.meter().rounds(), 2U);
}

TEST_F(LoopTest, TasksOverTheBudgetGoFirstInTheNextRound) {
    std::vector<int> ran;
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(loop_.post([&, i] {
            ran.push_back(i);
            clock_.advance_ms(3);  // more than phase_us
        }),
                  PostStatus::accepted);
    }
    loop_.run_once(-1);
    EXPECT_EQ(ran, std::vector<int>{0});
    ASSERT_EQ(loop_.post([&] { ran.push_back(9); }), PostStatus::accepted);
    loop_.run_once(-1);  // must not sleep: work is left
    loop_.run_once(-1);
    EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
    loop_.run_once(-1);
    EXPECT_EQ(ran.back(), 9);
}

TEST_F(LoopTest, EventsOverTheBudgetAreCarriedOverNotStarved) {
    std::vector<std::unique_ptr<Pair>> pairs;
    for (int i = 0; i < 5; ++i) {
        pairs.push_back(std::make_unique<Pair>());
        pairs.back()->watch(loop_);
        pairs.back()->ring();
        pairs.back()->then = [this] { clock_.advance_ms(3); };  // stays readable for ever
    }
    for (int round = 0; round < 10; ++round)
        loop_.run_once(0);
    for (const auto& pair : pairs)
        EXPECT_EQ(pair->calls, 2);
}

TEST_F(LoopTest, AHookThatHasMoreKeepsTheLoopAwake) {
    struct Flush final : RoundHook {
        int left = 3;
        bool on_round_end() override { return --left > 0; }
    } flush;
    loop_.add_hook(flush);
    loop_.run_once(0);
    loop_.run_once(-1);
    loop_.run_once(-1);
    EXPECT_EQ(flush.left, 0);
}

TEST_F(LoopTest, TasksPostedByATaskRunInALaterRound) {
    int runs = 0;
    std::function<void()> again = [&] {
        if (++runs == 3) return;
        ASSERT_EQ(loop_.post([&] { again(); }), PostStatus::accepted);
    };
    ASSERT_EQ(loop_.post([&] { again(); }), PostStatus::accepted);
    loop_.run_once(0);
    EXPECT_EQ(runs, 1);
    loop_.run_once(-1);
    loop_.run_once(-1);
    EXPECT_EQ(runs, 3);
}

TEST_F(LoopTest, TasksThatPostOnAndOnKeepNoEventWaiting) {
    std::function<void()> again = [&] { ASSERT_EQ(loop_.post([&] { again(); }), PostStatus::accepted); };
    ASSERT_EQ(loop_.post([&] { again(); }), PostStatus::accepted);
    loop_.run_once(0);
    Pair pair;
    pair.watch(loop_);
    pair.ring();
    for (int round = 0; round < 8 && pair.calls == 0; ++round)
        loop_.run_once(-1);
    EXPECT_EQ(pair.calls, 1);
}

TEST_F(LoopTest, AnExceptionIsAFaultAndTheLoopGoesOn) {
    const test::FaultLog log;
    int after = 0;
    ASSERT_EQ(loop_.post([] { throw std::runtime_error("broken handler"); }), PostStatus::accepted);
    ASSERT_EQ(loop_.post([&] { ++after; }), PostStatus::accepted);
    loop_.run_once(0);
    EXPECT_EQ(after, 1);
    EXPECT_EQ(log.lines(), std::vector<std::string>{"loop: broken handler"});
}

TEST_F(LoopTest, KnowsItselfAndItsRoleInside) {
    Loop* seen = nullptr;
    Roles roles;
    ASSERT_EQ(loop_.post([&] {
        seen = Loop::current();
        roles = thread_role().roles;
    }),
              PostStatus::accepted);
    loop_.run_once(0);
    EXPECT_EQ(seen, &loop_);
    EXPECT_EQ(roles, Roles(Role::loop));
    EXPECT_EQ(Loop::current(), nullptr);
    EXPECT_EQ(thread_role().roles, Roles());
}

TEST(LoopThread, AForeignCallIsAFault) {
    const test::FaultLog log;
    const SystemClock clock;
    Loop loop(clock, {});
    Running running(loop);
    std::promise<void> started;
    ASSERT_EQ(loop.post([&] { started.set_value(); }), PostStatus::accepted);
    started.get_future().wait();
    FdToken none;
    loop.unwatch(none);
    EXPECT_EQ(log.lines(), std::vector<std::string>{"Loop::unwatch: called outside of its loop"});
}

TEST(LoopThread, WakesForATimerAndForAPost) {
    const SystemClock clock;
    Loop loop(clock, {});
    struct Tick : TimerFor<Tick, int> {
        std::promise<std::uint64_t> fired;
        const Clock* clock = nullptr;
        void on_timer(int) { fired.set_value(clock->monotonic_ms()); }
    } tick;
    tick.clock = &clock;
    Running running(loop);
    std::uint64_t armed_ms = 0;
    ASSERT_EQ(loop.post([&] {
        armed_ms = loop.now_ms();
        loop.arm(tick, 30);
    }),
              PostStatus::accepted);
    auto fired = tick.fired.get_future();
    ASSERT_EQ(fired.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    EXPECT_GE(fired.get(), armed_ms + 30);
}

TEST(LoopThread, StopRunsWhatWasAcceptedAndRefusesTheRest) {
    const SystemClock clock;
    for (int attempt = 0; attempt < 20; ++attempt) {
        Loop loop(clock, {});
        Running running(loop);
        std::atomic<int> accepted{0};
        std::atomic<int> ran{0};
        std::vector<std::thread> producers;
        for (int producer = 0; producer < 3; ++producer) {
            producers.emplace_back([&] {
                while (loop.post([&] { ran.fetch_add(1, std::memory_order_relaxed); }) ==
                       PostStatus::accepted) {
                    accepted.fetch_add(1, std::memory_order_relaxed);
                }
            });
        }
        while (ran.load(std::memory_order_relaxed) < 100)
            std::this_thread::yield();
        running.stop(10'000);
        for (auto& producer : producers)
            producer.join();
        EXPECT_EQ(running.report.tasks_dropped, 0U);
        EXPECT_EQ(ran.load(), accepted.load());
    }
}

TEST(LoopThread, TheGraceTimeEndsALoopThatNeverRunsDry) {
    const SystemClock clock;
    Loop loop(clock, {});
    std::function<void()> again = [&] { static_cast<void>(loop.post([&] { again(); })); };
    Running running(loop);
    ASSERT_EQ(loop.post([&] { again(); }), PostStatus::accepted);
    running.stop(20);
    EXPECT_EQ(running.report.tasks_dropped, 1U);
}

TEST(LoopRun, ADroppedTaskThatPostsInItsDestructorIsRefused) {
    const SystemClock clock;
    Loop loop(clock, {});
    struct PostsAtTheEnd {
        PostsAtTheEnd(Loop& to, PostStatus& answer) : loop(to), status(answer) {}
        Loop& loop;
        PostStatus& status;
        ~PostsAtTheEnd() {
            status = loop.post([] {});
        }
    };
    auto status = PostStatus::accepted;
    bool ran = false;
    ASSERT_EQ(loop.post([&] {
        auto held = std::make_shared<PostsAtTheEnd>(loop, status);
        ASSERT_EQ(loop.post([held, &ran] { ran = true; }), PostStatus::accepted);
        loop.request_stop(0);
    }),
              PostStatus::accepted);
    EXPECT_EQ(loop.run().tasks_dropped, 1U);
    EXPECT_FALSE(ran);
    EXPECT_EQ(status, PostStatus::closed);
}

}  // namespace
}  // namespace streamhost::runtime
