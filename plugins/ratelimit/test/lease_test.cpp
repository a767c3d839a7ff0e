#include "lease.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "fixture.hpp"

namespace ratelimit {
namespace {

using namespace testing;

constexpr Rate kRate{100 * kMs, 20};  // ten per second, twenty at once; a batch is five

class LeaseTest : public ::testing::Test {
protected:
    bool take(std::int64_t cost = 1) {
        if (lease.wait_ns(kRate, cost, now) > 0) return false;
        on_share += lease.take(kRate, cost, now) ? 1 : 0;
        return true;
    }
    int takes(int tries) {
        int taken = 0;
        for (int count = 0; count < tries; ++count)
            taken += take() ? 1 : 0;
        return taken;
    }
    std::int64_t ask() { return lease.ask(kRate, now); }

    Moment now{kSecond};
    Lease lease{kRate, now};
    int on_share = 0;
};

TEST(Batch, IsAQuarterOfTheBurstOrOfASecond) {
    EXPECT_EQ(batch_of(kRate), 5);
    EXPECT_EQ(batch_of({kMs, 100}), 100);
    EXPECT_EQ(batch_of({kMs, 400}), 250);
    EXPECT_EQ(batch_of({kSecond, 1}), 1);
    EXPECT_EQ(batch_of({kSecond, 3}), 1);
    EXPECT_EQ(batch_of({kSecond, 1'000'000}), 250'000);
}

TEST(Share, IsThePartOfOneNode) {
    EXPECT_EQ(share_of(kRate, 1), kRate);
    EXPECT_EQ(share_of(kRate, 4), (Rate{400 * kMs, 5}));
    EXPECT_EQ(share_of(kRate, 0), kRate);
    EXPECT_EQ(share_of(kRate, 100), (Rate{10 * kSecond, 1}));
    EXPECT_EQ(share_of({3'600 * kSecond, 1}, 1'000).interval_ns, kMaxFillNs);
}

TEST_F(LeaseTest, ItBeginsOnCreditAndPaysWithTheFirstAnswer) {
    EXPECT_TRUE(take());
    EXPECT_EQ(ask(), 6);  // one that was let pass, and a whole batch
    EXPECT_EQ(ask(), 0) << "one question at a time";
    EXPECT_EQ(takes(10), 4);
    lease.answered(6, 0, now.now_ns);
    EXPECT_EQ(takes(10), 1);
    EXPECT_EQ(on_share, 0);
}

TEST_F(LeaseTest, ItAsksWhenHalfOfABatchIsGone) {
    take();
    lease.answered(ask(), 0, now.now_ns);  // five in hand
    EXPECT_EQ(takes(2), 2);
    EXPECT_EQ(ask(), 0);
    EXPECT_TRUE(take());
    EXPECT_EQ(ask(), 3);
    lease.answered(3, 0, now.now_ns);
    EXPECT_EQ(takes(10), 5);
}

TEST_F(LeaseTest, WhatTheStoreDoesNotGiveIsADebt) {
    EXPECT_EQ(takes(10), 5);
    EXPECT_EQ(ask(), 10);
    lease.answered(0, 100 * kMs, now.now_ns);
    EXPECT_FALSE(take());
    // Five to pay and one to take, at ten per second.
    EXPECT_EQ(lease.wait_ns(kRate, 1, now), 600 * kMs);
    EXPECT_EQ(lease.pay_at_ns(), now.now_ns + 100 * kMs);
    EXPECT_EQ(lease.settled_at_ns(), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(ask(), 0);
    now.now_ns += 100 * kMs;
    EXPECT_EQ(ask(), 10);
    lease.answered(5, 100 * kMs, now.now_ns);
    EXPECT_EQ(lease.pay_at_ns(), 0);
    EXPECT_FALSE(take());
    now.now_ns += 100 * kMs;
    EXPECT_EQ(ask(), 5);
    lease.answered(1, 100 * kMs, now.now_ns);
    EXPECT_EQ(takes(10), 1);
}

TEST_F(LeaseTest, ItIsToldToComeSoonWhileAnAnswerIsOnItsWay) {
    EXPECT_EQ(takes(10), 5);
    EXPECT_EQ(lease.wait_ns(kRate, 1, now), Lease::kSoonNs);
    (void)ask();
    EXPECT_EQ(lease.wait_ns(kRate, 1, now), Lease::kSoonNs);
}

TEST_F(LeaseTest, ASlowAnswerIsWaitedForAQuarterOfASecondAndThenTheShareDecides) {
    EXPECT_EQ(takes(10), 5);
    (void)ask();
    now.nodes = 4;
    now.now_ns += Lease::kPatienceNs - 1;
    EXPECT_EQ(takes(10), 0);
    now.now_ns += 1;
    EXPECT_EQ(takes(10), 5);  // a quarter of twenty
    EXPECT_EQ(on_share, 5);
    lease.answered(10, 0, now.now_ns);
    EXPECT_EQ(takes(10), 5);
    EXPECT_EQ(on_share, 5);
}

TEST_F(LeaseTest, WithoutAStoreTheShareDecidesFromTheBeginning) {
    now.is_store_away = true;
    now.nodes = 2;
    lease = Lease(kRate, now);
    EXPECT_EQ(takes(20), 10);
    EXPECT_EQ(on_share, 10);
    EXPECT_EQ(ask(), 0);
    EXPECT_EQ(lease.wait_ns(kRate, 1, now), 200 * kMs);
    now.now_ns += kSecond;
    EXPECT_EQ(takes(20), 5);
    now.is_store_away = false;
    EXPECT_EQ(ask(), 5);
}

TEST_F(LeaseTest, WhatIsInHandGoesFirstWhenTheStoreGoesAway) {
    take();
    lease.answered(ask(), 0, now.now_ns);
    now.is_store_away = true;
    EXPECT_EQ(takes(5), 5);
    EXPECT_EQ(on_share, 0);
    EXPECT_TRUE(take());
    EXPECT_EQ(on_share, 1);
}

TEST_F(LeaseTest, AFailureIsTriedAgainASecondLaterAndKeepsTheDebt) {
    EXPECT_EQ(takes(10), 5);
    (void)ask();
    lease.failed(now.now_ns);
    EXPECT_EQ(ask(), 0);
    EXPECT_EQ(lease.pay_at_ns(), now.now_ns + Lease::kAfterFailureNs);
    now.now_ns += Lease::kAfterFailureNs;
    EXPECT_EQ(ask(), 10);
    lease.answered(10, 0, now.now_ns);
    EXPECT_EQ(lease.pay_at_ns(), 0);
}

TEST_F(LeaseTest, AnAnswerThatNobodyWaitsForChangesNothing) {
    lease.answered(100, 0, now.now_ns);
    EXPECT_EQ(takes(10), 5);
}

TEST_F(LeaseTest, ItSaysNothingOnceItIsPaidAndTheBucketWouldBeFull) {
    take();
    EXPECT_EQ(lease.settled_at_ns(), std::numeric_limits<std::int64_t>::max());
    lease.answered(ask(), 0, now.now_ns);
    EXPECT_EQ(lease.settled_at_ns(), now.now_ns + kRate.whole_ns());
}

TEST_F(LeaseTest, ACostOverABatchNeedsAWholeOneAndIsPaidFor) {
    EXPECT_TRUE(take(12));
    EXPECT_FALSE(take());
    EXPECT_EQ(ask(), 17);
    lease.answered(17, 0, now.now_ns);
    EXPECT_EQ(takes(10), 5);
}

TEST_F(LeaseTest, AClockThatGoesBackDoesNotKeepItFromAsking) {
    now.now_ns = 1'000'000 * kSecond;
    lease = Lease(kRate, now);
    EXPECT_EQ(takes(10), 5);
    (void)ask();
    lease.answered(0, 100 * kMs, now.now_ns);
    now.now_ns = kSecond;
    EXPECT_GT(ask(), 0);
}

}  // namespace
}  // namespace ratelimit
