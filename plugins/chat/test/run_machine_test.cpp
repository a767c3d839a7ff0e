#include "run_machine.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "reaper.hpp"

namespace chat {
namespace {

RunMachine producing() {
    RunMachine run;
    EXPECT_EQ(run.admit(), Act::claim);
    EXPECT_EQ(run.claimed(SH_OK), Act::prepare);
    EXPECT_EQ(run.prepared(), Act::start);
    run.started(true);
    EXPECT_EQ(run.phase(), Phase::producing);
    return run;
}

TEST(RunMachine, FromPendingToOver) {
    RunMachine run = producing();
    run.end_queued();
    EXPECT_EQ(run.end_written(SH_OK), Act::conclude);
    EXPECT_EQ(run.concluded(SH_OK), Act::forget);
    EXPECT_EQ(run.phase(), Phase::over);
}

TEST(RunMachine, WithoutAThreadItStaysReady) {
    RunMachine run;
    (void)run.admit();
    (void)run.claimed(SH_OK);
    (void)run.prepared();
    run.started(false);
    EXPECT_EQ(run.phase(), Phase::ready);
    EXPECT_TRUE(run.waits());
    run.started(true);
    EXPECT_EQ(run.phase(), Phase::producing);
}

TEST(RunMachine, AClaimThatFailsIsTriedAgainAFewTimes) {
    RunMachine run({.claims = 3});
    for (int attempt = 0; attempt < 2; ++attempt) {
        EXPECT_EQ(run.admit(), Act::claim);
        EXPECT_EQ(run.claimed(SH_TIMEOUT), Act::wait);
        EXPECT_EQ(run.phase(), Phase::pending);
    }
    EXPECT_EQ(run.admit(), Act::claim);
    EXPECT_EQ(run.claimed(SH_TIMEOUT), Act::finish) << "every run ends";
}

TEST(RunMachine, HeldByAnotherIsNotOurs) {
    RunMachine run;
    (void)run.admit();
    EXPECT_EQ(run.claimed(SH_HELD), Act::forget);
}

TEST(RunMachine, CancelledBeforeTheClaimIsConcluded) {
    RunMachine run;
    (void)run.admit();
    EXPECT_EQ(run.claimed(SH_ENDED), Act::conclude);
}

TEST(RunMachine, ACancelWinsOverTheProvidersEnd) {
    RunMachine run = producing();
    EXPECT_EQ(run.ended_elsewhere(), Act::conclude);
    run.end_queued();
    EXPECT_EQ(run.end_written(SH_ENDED), Act::nothing) << "concluded once";
    EXPECT_EQ(run.ended_elsewhere(), Act::nothing);
}

TEST(RunMachine, TheProvidersEndWinsOverACancelThatComesLater) {
    RunMachine run = producing();
    run.end_queued();
    EXPECT_EQ(run.end_now(), Act::nothing) << "its end is on the way";
    EXPECT_EQ(run.end_written(SH_OK), Act::conclude);
    EXPECT_EQ(run.ended_elsewhere(), Act::nothing);
}

TEST(RunMachine, AnEndThatTheProducerCouldNotWriteIsFinished) {
    RunMachine run = producing();
    run.end_queued();
    EXPECT_EQ(run.end_written(SH_FENCED), Act::finish);
    EXPECT_EQ(run.finished(SH_UNAVAILABLE), Act::finish);
    EXPECT_EQ(run.attempts(), 1u);
    EXPECT_EQ(run.finished(SH_ENDED), Act::conclude);
}

TEST(RunMachine, ANewerProducerKeepsItsRun) {
    RunMachine run = producing();
    run.end_queued();
    (void)run.end_written(SH_FENCED);
    EXPECT_EQ(run.finished(SH_FENCED), Act::forget);
}

TEST(RunMachine, GivesUpInTheEndAndLeavesTheRestToTheReaper) {
    RunMachine run({.finishes = 2, .conclusions = 2});
    EXPECT_EQ(run.end_now(), Act::finish);
    EXPECT_EQ(run.finished(SH_TIMEOUT), Act::finish);
    EXPECT_EQ(run.finished(SH_TIMEOUT), Act::forget);
    EXPECT_EQ(run.phase(), Phase::over);

    RunMachine other({.conclusions = 2});
    (void)other.ended_elsewhere();
    EXPECT_EQ(other.concluded(SH_TIMEOUT), Act::conclude);
    EXPECT_EQ(other.concluded(SH_TIMEOUT), Act::forget);
}

// Events in any order: it never concludes twice, never acts once it is over, and can always be brought to an
// end.
TEST(RunMachine, NoOrderOfEventsEndsARunTwice) {
    const std::vector<sh_status> statuses = {SH_OK,          SH_ENDED, SH_FENCED,  SH_TIMEOUT,
                                             SH_UNAVAILABLE, SH_HELD,  SH_INTERNAL};
    for (std::uint32_t seed = 1; seed <= 5'000; ++seed) {
        std::mt19937 random(seed);
        RunMachine run;
        Phase before = run.phase();
        int conclusions = 0;
        for (int step = 0; step < 40; ++step) {
            const sh_status status = statuses[random() % statuses.size()];
            Act act = Act::nothing;
            switch (random() % 10) {
            case 0: act = run.admit(); break;
            case 1: act = run.claimed(status); break;
            case 2: act = run.prepared(); break;
            case 3: run.started(random() % 2 == 0); break;
            case 4: run.end_queued(); break;
            case 5: act = run.end_written(status); break;
            case 6: act = run.finished(status); break;
            case 7: act = run.end_now(); break;
            case 8: act = run.ended_elsewhere(); break;
            default: act = run.concluded(status);
            }
            if (before == Phase::over) {
                ASSERT_EQ(act, Act::nothing) << "seed " << seed;
            }
            if (before < Phase::concluding && act == Act::conclude) ++conclusions;
            if (before >= Phase::ending) {
                ASSERT_GE(run.phase(), before) << "seed " << seed;
            }
            before = run.phase();
        }
        ASSERT_LE(conclusions, 1) << "seed " << seed;
        (void)run.ended_elsewhere();
        (void)run.concluded(SH_OK);
        ASSERT_EQ(run.phase(), Phase::over) << "seed " << seed;
    }
}

TEST(BackOff, DoublesToItsCap) {
    EXPECT_EQ(back_off_ms(0, 100, 4'000), 100u);
    EXPECT_EQ(back_off_ms(3, 100, 4'000), 800u);
    EXPECT_EQ(back_off_ms(1'000, 100, 4'000), 4'000u);
}

TEST(StoreWatch, TrustsALapseAfterOneHealthyLease) {
    StoreWatch watch;
    EXPECT_FALSE(watch.trusts_lapses(1'000'000));
    watch.answered(SH_OK, 1'000);
    EXPECT_FALSE(watch.trusts_lapses(1'000 + kLeaseMs - 1));
    EXPECT_TRUE(watch.trusts_lapses(1'000 + kLeaseMs));
    watch.answered(SH_UNAVAILABLE, 20'000);
    watch.answered(SH_OK, 21'000);
    EXPECT_FALSE(watch.trusts_lapses(21'000 + kLeaseMs - 1)) << "during an outage nobody could renew";
}

}  // namespace
}  // namespace chat
