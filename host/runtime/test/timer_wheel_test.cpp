#include "runtime/timer_wheel.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace streamhost::runtime {
namespace {

constexpr std::size_t kAll = 1'000'000;

/// Notes when it fired.
struct Probe : TimerFor<Probe, int> {
    void on_timer(int) {
        ++fired;
        if (then) then();
    }
    int fired = 0;
    std::function<void()> then;
};

TEST(TimerWheel, FiresAtTheDeadlineAndNotBefore) {
    for (const std::uint64_t delay :
         {1ULL, 63ULL, 64ULL, 65ULL, 4'095ULL, 4'096ULL, 30'000ULL, 86'400'000ULL}) {
        for (const std::uint64_t start : {0ULL, 1ULL, 63ULL, 4'095ULL, 123'456'789ULL}) {
            TimerWheel wheel(start);
            Probe probe;
            wheel.arm_at(probe, start + delay);
            EXPECT_FALSE(wheel.advance(start + delay - 1, kAll));
            EXPECT_EQ(probe.fired, 0) << start << "+" << delay;
            wheel.advance(start + delay, kAll);
            EXPECT_EQ(probe.fired, 1) << start << "+" << delay;
            EXPECT_FALSE(probe.armed());
        }
    }
}

TEST(TimerWheel, APassedDeadlineFiresAtTheNextMillisecond) {
    TimerWheel wheel(100);
    Probe probe;
    wheel.arm_at(probe, 5);
    wheel.advance(100, kAll);
    EXPECT_EQ(probe.fired, 0);
    wheel.advance(101, kAll);
    EXPECT_EQ(probe.fired, 1);
}

TEST(TimerWheel, PuttingOffKeepsTheNodeAndStillFiresOnTime) {
    TimerWheel wheel(0);
    Probe probe;
    wheel.arm_at(probe, 100);
    for (std::uint64_t now = 0; now < 1'000; now += 10) {
        wheel.advance(now, kAll);
        wheel.arm_at(probe, now + 100);
    }
    EXPECT_EQ(probe.fired, 0);
    wheel.advance(1'089, kAll);
    EXPECT_EQ(probe.fired, 0);
    wheel.advance(1'090, kAll);
    EXPECT_EQ(probe.fired, 1);
}

TEST(TimerWheel, AnEarlierDeadlineTakesEffect) {
    TimerWheel wheel(0);
    Probe probe;
    wheel.arm_at(probe, 100'000);
    wheel.arm_at(probe, 7);
    wheel.advance(7, kAll);
    EXPECT_EQ(probe.fired, 1);
    wheel.advance(200'000, kAll);
    EXPECT_EQ(probe.fired, 1);
}

TEST(TimerWheel, CancelAndDestructionDisarm) {
    TimerWheel wheel(0);
    Probe cancelled;
    auto destroyed = std::make_unique<Probe>();
    wheel.arm_at(cancelled, 10);
    wheel.arm_at(*destroyed, 10);
    cancelled.cancel();
    destroyed.reset();
    wheel.advance(20, kAll);
    EXPECT_EQ(cancelled.fired, 0);
    EXPECT_EQ(wheel.fired(), 0U);
}

TEST(TimerWheel, ATimerOutlivesItsWheel) {
    Probe probe;
    {
        TimerWheel wheel(0);
        wheel.arm_at(probe, 10);
    }
    EXPECT_FALSE(probe.armed());
}

TEST(TimerWheel, AHandlerMayArmItselfCancelAndDestroyOthers) {
    TimerWheel wheel(0);
    Probe again;
    Probe cancelled;
    auto destroyed = std::make_unique<Probe>();
    again.then = [&] {
        cancelled.cancel();
        destroyed.reset();
        if (again.fired < 3) wheel.arm_at(again, again.deadline_ms() + 5);
    };
    wheel.arm_at(again, 10);
    wheel.arm_at(cancelled, 10);
    wheel.arm_at(*destroyed, 10);
    wheel.advance(30, kAll);
    EXPECT_EQ(again.fired, 3);
    EXPECT_EQ(cancelled.fired, 0);
}

TEST(TimerWheel, AZeroDelayInAHandlerDoesNotHoldTheLoop) {
    TimerWheel wheel(0);
    Probe probe;
    probe.then = [&] { wheel.arm_at(probe, 0); };
    wheel.arm_at(probe, 1);
    wheel.advance(10, kAll);
    EXPECT_EQ(probe.fired, 10) << "once per millisecond";
}

TEST(TimerWheel, ABudgetSplitsACrowdAndLosesNobody) {
    TimerWheel wheel(0);
    std::vector<Probe> crowd(1'000);
    for (Probe& probe : crowd)
        wheel.arm_at(probe, 500);
    int calls = 0;
    while (wheel.advance(500, 100)) {
        ++calls;
        EXPECT_LE(wheel.next_due_ms(), 500U);
    }
    EXPECT_GE(calls, 9);
    EXPECT_EQ(wheel.fired(), 1'000U);
    EXPECT_FALSE(wheel.next_due_ms());
}

TEST(TimerWheel, NextDueIsNeverLate) {
    TimerWheel wheel(1'000);
    EXPECT_FALSE(wheel.next_due_ms());
    Probe probe;
    wheel.arm_at(probe, 31'000);
    int wake_ups = 0;
    while (probe.fired == 0) {
        const auto due = wheel.next_due_ms();
        ASSERT_TRUE(due);
        ASSERT_LE(*due, 31'000U);
        wheel.advance(*due, kAll);
        ASSERT_LT(++wake_ups, 8) << "one per level at most";
    }
}

TEST(TimerWheel, TimesBeyondTheLastLevelAreClamped) {
    TimerWheel wheel(0);
    Probe probe;
    wheel.arm_at(probe, ~std::uint64_t{0});
    EXPECT_EQ(probe.deadline_ms(), (std::uint64_t{1} << 42) - 1);
}

/// Against a model that knows only "a timer fires in the first advance() at or after its deadline".
TEST(TimerWheel, AgreesWithAPlainModelOnRandomHistories) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937_64 random(seed);
        std::uint64_t now = random() % 1'000'000;
        TimerWheel wheel(now);
        std::vector<Probe> probes(200);
        std::vector<std::uint64_t> deadline(probes.size(), 0);  // 0: not armed
        for (int step = 0; step < 3'000; ++step) {
            const std::size_t pick = random() % probes.size();
            const std::uint64_t delay = 1 + random() % (std::uint64_t{1} << (random() % 24));
            if (random() % 4 == 0) {
                probes[pick].cancel();
                deadline[pick] = 0;
            } else {
                wheel.arm_at(probes[pick], now + delay);
                deadline[pick] = now + delay;
            }
            if (random() % 3 != 0) continue;
            now += random() % (std::uint64_t{1} << (random() % 20));
            std::vector<int> before;
            for (const Probe& probe : probes)
                before.push_back(probe.fired);
            while (wheel.advance(now, 1 + random() % 50)) {
            }
            for (std::size_t i = 0; i < probes.size(); ++i) {
                const bool due = deadline[i] != 0 && deadline[i] <= now;
                ASSERT_EQ(probes[i].fired - before[i], due ? 1 : 0) << "seed " << seed << " step " << step;
                if (due) deadline[i] = 0;
                ASSERT_EQ(probes[i].armed(), deadline[i] != 0);
                if (deadline[i] == 0) continue;
                ASSERT_LE(*wheel.next_due_ms(), deadline[i]);
            }
        }
    }
}

}  // namespace
}  // namespace streamhost::runtime
