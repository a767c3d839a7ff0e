#include "wait_machine.hpp"

#include <random>

#include <gtest/gtest.h>

namespace chat {
namespace {

constexpr WaitOptions kOptions{.wait_ms = 60'000, .claims = 0, .push_again_ms = 5'000};

// All that it wants to do now.
struct Wants {
    int pushes = 0;
    int looks = 0;
    int refreshes = 0;
};
Wants wants(WaitMachine& machine, std::int64_t now_ms) {
    Wants wants;
    for (WaitAct act = machine.next(now_ms); act != WaitAct::nothing; act = machine.next(now_ms)) {
        wants.pushes += act == WaitAct::push ? 1 : 0;
        wants.looks += act == WaitAct::look ? 1 : 0;
        wants.refreshes += act == WaitAct::refresh ? 1 : 0;
    }
    return wants;
}

TEST(WaitMachine, IsPushedAtOnceAndHeld) {
    WaitMachine machine(kOptions, 1'000);
    const Wants first = wants(machine, 1'000);
    EXPECT_EQ(first.pushes, 1);
    EXPECT_EQ(first.looks, 0);
    EXPECT_EQ(first.refreshes, 1);
    EXPECT_EQ(wants(machine, 1'000).pushes, 0) << "one is under way";
}

TEST(WaitMachine, AClaimEndsTheWait) {
    WaitMachine machine(kOptions, 0);
    (void)wants(machine, 0);
    machine.pushed(SH_OK, 0);
    EXPECT_EQ(wants(machine, 500).looks, 1);
    EXPECT_EQ(machine.looked(SH_OK, false, 0, 500), WaitNews::waits);
    EXPECT_EQ(wants(machine, 1'000).looks, 1);
    EXPECT_EQ(machine.looked(SH_OK, false, 1, 1'000), WaitNews::taken);
}

TEST(WaitMachine, OfATakenOverRunOneMoreClaimIsWaitedFor) {
    WaitMachine machine({.wait_ms = 2'000, .claims = 2}, 0);
    EXPECT_EQ(machine.looked(SH_OK, false, 2, 500), WaitNews::waits);
    EXPECT_EQ(machine.looked(SH_OK, false, 2, 2'000), WaitNews::expired);
    EXPECT_EQ(machine.looked(SH_OK, false, 3, 2'000), WaitNews::taken) << "somebody was faster";
    EXPECT_EQ(machine.looked(SH_OK, true, 2, 2'000), WaitNews::ended);
}

TEST(WaitMachine, ALookThatFailedDecidesNothing) {
    WaitMachine machine(kOptions, 0);
    EXPECT_EQ(machine.looked(SH_TIMEOUT, false, 0, 100'000), WaitNews::waits);
    EXPECT_EQ(machine.looked(SH_OK, false, 0, 101'999), WaitNews::waits) << "nobody could claim it before";
    EXPECT_EQ(machine.looked(SH_OK, false, 0, 102'000), WaitNews::expired);
    EXPECT_EQ(machine.waited_ms(102'000), 102'000);
}

TEST(WaitMachine, OneThatFailedEarlyPutsNothingOff) {
    WaitMachine machine(kOptions, 0);
    EXPECT_EQ(machine.looked(SH_TIMEOUT, false, 0, 1'000), WaitNews::waits);
    EXPECT_EQ(machine.looked(SH_OK, false, 0, 59'999), WaitNews::waits);
    EXPECT_EQ(machine.looked(SH_OK, false, 0, 60'000), WaitNews::expired);
}

TEST(WaitMachine, ATakenOverRunIsQueuedAgainWhileAnotherWorkerCanStillClaimIt) {
    WaitMachine machine(takeover_wait(1), 0);
    int pushes = 0;
    std::int64_t last_ms = 0;
    for (std::int64_t now_ms = 0; machine.looked(SH_OK, false, 1, now_ms) == WaitNews::waits; now_ms += 100) {
        if (wants(machine, now_ms).pushes == 0) continue;
        ++pushes;
        last_ms = now_ms;
        machine.pushed(SH_OK, now_ms);
    }
    EXPECT_EQ(pushes, 2);
    EXPECT_LE(last_ms, kTakeoverMs / 2);
}

TEST(WaitMachine, AFailedPushIsRepeatedSoonAndALostOneEverMoreRarely) {
    WaitMachine machine(kOptions, 0);
    (void)wants(machine, 0);
    machine.pushed(SH_UNAVAILABLE, 0);
    EXPECT_EQ(wants(machine, 99).pushes, 0);
    EXPECT_EQ(wants(machine, 100).pushes, 1);
    machine.pushed(SH_OK, 100);
    int pushes = 0;
    for (std::int64_t now_ms = 100; now_ms <= 60'000; now_ms += 100) {
        if (wants(machine, now_ms).pushes == 0) continue;
        ++pushes;
        machine.pushed(SH_OK, now_ms);
    }
    EXPECT_EQ(pushes, 3) << "after 5, 10 and 20 s: a queue that is merely long does not fill up with repeats";
}

// Answers in any order and late: never two pushes or looks under way, and it always comes to an end.
TEST(WaitMachine, NoOrderOfAnswersStopsIt) {
    for (std::uint32_t seed = 1; seed <= 2'000; ++seed) {
        std::mt19937 random(seed);
        WaitMachine machine(kOptions, 0);
        bool pushing = false;
        bool looking = false;
        std::int64_t now_ms = 0;
        for (; now_ms < 59'000; now_ms += 250) {
            for (WaitAct act = machine.next(now_ms); act != WaitAct::nothing; act = machine.next(now_ms)) {
                ASSERT_FALSE(act == WaitAct::push && std::exchange(pushing, true)) << "seed " << seed;
                ASSERT_FALSE(act == WaitAct::look && std::exchange(looking, true)) << "seed " << seed;
            }
            const sh_status status = random() % 3 == 0 ? SH_TIMEOUT : SH_OK;
            if (pushing && random() % 2 == 0) {
                pushing = false;
                machine.pushed(status, now_ms);
            }
            if (looking && random() % 2 == 0) {
                looking = false;
                ASSERT_EQ(machine.looked(status, false, 0, now_ms), WaitNews::waits) << "seed " << seed;
            }
        }
        if (!looking) {
            ASSERT_EQ(wants(machine, now_ms + 2'000).looks, 1) << "seed " << seed;
        }
        ASSERT_EQ(machine.looked(SH_OK, false, 0, 61'000), WaitNews::expired) << "seed " << seed;
    }
}

}  // namespace
}  // namespace chat
