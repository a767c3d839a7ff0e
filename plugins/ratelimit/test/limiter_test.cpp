#include "limiter.hpp"

#include <string>

#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "fixture.hpp"

namespace ratelimit {
namespace {

using namespace testing;

TEST(Limiter, EachOwnerHasABucket) {
    Bench bench(settings({local(By::kUser, per_second(1, 3))}));
    EXPECT_EQ(bench.takes(sends("ann"), 10), 3);
    EXPECT_EQ(bench.takes(sends("bob"), 10), 3);
    EXPECT_EQ(bench.take(sends("ann")), 1'000);
    bench.moment.now_ns += 2 * kSecond;
    EXPECT_EQ(bench.takes(sends("ann"), 10), 2);
}

TEST(Limiter, VerbsOfALimitShareItsBucketAndOthersHaveNone) {
    Bench bench(settings({local(By::kUser, per_second(1, 2), bit(SH_RATE_SEND) | bit(SH_RATE_READ))}));
    EXPECT_EQ(bench.take({SH_RATE_SEND, {}, "ann", {}}), 0);
    EXPECT_EQ(bench.take({SH_RATE_READ, {}, "ann", {}}), 0);
    EXPECT_GT(bench.take({SH_RATE_SEND, {}, "ann", {}}), 0);
    EXPECT_EQ(bench.take({SH_RATE_PRODUCE, {}, "ann", {}}), 0);
    EXPECT_EQ(bench.take({99, {}, "ann", {}}), 0);
}

TEST(Limiter, WhatIsNotKnownIsNotLimitedBy) {
    Bench bench(settings({local(By::kUser, per_second(1, 1)), local(By::kSession, per_second(1, 2))}));
    EXPECT_EQ(bench.takes({SH_RATE_READ, "192.0.2.1", {}, {}}, 10), 10);
    EXPECT_EQ(bench.takes({SH_RATE_READ, "192.0.2.1", {}, "s"}, 10), 2);
    EXPECT_EQ(bench.takes({SH_RATE_READ, "192.0.2.1", "ann", "t"}, 10), 1);
}

TEST(Limiter, TakesFromAllOrFromNone) {
    Bench bench(settings({local(By::kUser, per_second(1, 5)), local(By::kAddress, per_second(1, 2))}));
    EXPECT_EQ(bench.takes(sends("ann", "192.0.2.1"), 10), 2);
    // Ann has three left, whatever was refused for the address.
    EXPECT_EQ(bench.takes(sends("ann", "192.0.2.2"), 10), 2);
    EXPECT_EQ(bench.takes(sends("ann", "192.0.2.3"), 10), 1);
    // And the address whose call Ann's bucket refused has one left.
    EXPECT_EQ(bench.takes(sends("bob", "192.0.2.3"), 10), 1);
}

TEST(Limiter, TheLongestWaitIsToldAndNamed) {
    Bench bench(settings({local(By::kUser, per_second(1, 1)), local(By::kNode, {10 * kSecond, 1})}));
    EXPECT_EQ(bench.take(sends("ann")), 0);
    const Verdict verdict = bench.limiter.take(sends("ann"), 1, bench.moment, bench.questions);
    EXPECT_EQ(verdict.wait_ms, 10'000);
    EXPECT_EQ(verdict.by, By::kNode);
    EXPECT_EQ(bench.take(sends("bob")), 10'000);
}

TEST(Limiter, ACostCountsAsOftenAndNeverMoreThanTheBurst) {
    Bench bench(settings({local(By::kUser, per_second(1, 5))}));
    EXPECT_EQ(bench.take(sends("ann"), 4), 0);
    EXPECT_EQ(bench.take(sends("ann"), 2), 1'000);
    EXPECT_EQ(bench.take(sends("ann"), 1), 0);
    EXPECT_EQ(bench.take(sends("bob"), 1'000), 0);
    EXPECT_EQ(bench.take(sends("bob"), 1'000), 5'000);
    EXPECT_EQ(bench.take(sends("bob"), 0), 0);
}

TEST(Limiter, Ipv6IsLimitedByItsNetwork) {
    Bench bench(settings({local(By::kAddress, per_second(1, 2))}));
    EXPECT_EQ(bench.take(sends("a", "2001:db8::1")), 0);
    EXPECT_EQ(bench.take(sends("b", "2001:db8::2")), 0);
    EXPECT_GT(bench.take(sends("c", "2001:db8::ffff:1")), 0);
    EXPECT_EQ(bench.take(sends("c", "2001:db8:0:1::1")), 0);
}

TEST(Limiter, WhoIsExemptIsNeverLimitedAndTakesNothing) {
    Settings with = settings({local(By::kUser, per_second(1, 1)), local(By::kNode, per_second(1, 1))});
    with.exempt_networks = {*Network::parse("10.0.0.0/8")};
    with.exempt_users = {"robot"};
    Bench bench(with);
    EXPECT_EQ(bench.takes(sends("ann", "10.1.2.3"), 10), 10);
    EXPECT_EQ(bench.takes(sends("robot", "192.0.2.1"), 10), 10);
    EXPECT_EQ(bench.limiter.buckets().sizes().buckets, 0u);
    EXPECT_TRUE(bench.limiter.take(sends("robot"), 1, bench.moment, bench.questions).is_exempt);
    EXPECT_EQ(bench.takes(sends("ann", "192.0.2.1"), 10), 1);
}

TEST(Limiter, AClockThatGoesBackLocksNobodyOut) {
    Bench bench(settings({local(By::kUser, per_second(1, 3))}));
    bench.moment.now_ns = 1'000'000 * kSecond;
    EXPECT_EQ(bench.takes(sends("ann"), 3), 3);
    bench.moment.now_ns = kSecond;
    EXPECT_EQ(bench.take(sends("ann")), 1'000);
}

TEST(Limiter, LongNamesShareWhatTheirBeginningsShare) {
    Bench bench(settings({local(By::kUser, per_second(1, 1))}));
    const std::string name(256, 'x');
    EXPECT_EQ(bench.take(sends(name + "1")), 0);
    EXPECT_GT(bench.take(sends(name + "2")), 0);
}

// ------------------------------------------------------------------------------------------------- changes

TEST(Limiter, AChangeHoldsAtOnceAndKeepsTheCountsOfWhatStays) {
    const Limit by_user = local(By::kUser, per_second(1, 3));
    Bench bench(settings({by_user, local(By::kAddress, per_second(1, 100))}));
    EXPECT_EQ(bench.takes(sends("ann"), 2), 2);
    bench.limiter.change(settings({local(By::kAddress, per_second(1, 1)), by_user}));
    EXPECT_EQ(bench.takes(sends("ann"), 10), 1);  // the third of three, and the first of the new one
    EXPECT_EQ(bench.takes(sends("bob"), 10), 0);
    bench.limiter.change(settings({}));
    EXPECT_EQ(bench.takes(sends("ann"), 100), 100);
    bench.limiter.change(settings({local(By::kUser, per_second(1, 4))}));
    EXPECT_EQ(bench.takes(sends("ann"), 10), 4);
}

TEST(Limiter, WhatWouldMoveEveryBucketNeedsANewInstance) {
    Bench bench(settings({local(By::kUser, per_second(1, 1))}));
    Settings prefixes = settings({});
    prefixes.prefixes.ipv6 = 56;
    EXPECT_THROW(bench.limiter.change(prefixes), streamhost::Failure);
    Settings buckets = settings({});
    buckets.max_buckets = 1;
    EXPECT_THROW(bench.limiter.change(buckets), streamhost::Failure);
    EXPECT_EQ(bench.takes(sends("ann"), 10), 1);
}

TEST(Limiter, BucketsOfALimitThatIsGoneAreSwept) {
    Bench bench(settings({local(By::kUser, {3'600 * kSecond, 1})}));
    for (int user = 0; user < 500; ++user)
        bench.take(sends(std::to_string(user)));
    bench.limiter.change(settings({}));
    bench.limiter.buckets().sweep(*bench.limiter.rules(), 100'000, bench.moment.now_ns);
    EXPECT_EQ(bench.limiter.buckets().sizes().buckets, 0u);
}

// -------------------------------------------------------------------------------------------------- bounds

TEST(Limiter, FullBucketsAreSwept) {
    Bench bench(settings({local(By::kUser, per_second(1, 1))}));
    for (int user = 0; user < 1'000; ++user)
        bench.take(sends(std::to_string(user)));
    EXPECT_EQ(bench.limiter.buckets().sizes().buckets, 1'000u);
    bench.moment.now_ns += kSecond / 2;
    bench.limiter.buckets().sweep(*bench.limiter.rules(), 100'000, bench.moment.now_ns);
    EXPECT_EQ(bench.limiter.buckets().sizes().buckets, 1'000u);
    bench.moment.now_ns += kSecond;
    bench.limiter.buckets().sweep(*bench.limiter.rules(), 100'000, bench.moment.now_ns);
    EXPECT_EQ(bench.limiter.buckets().sizes().buckets, 0u);
    EXPECT_EQ(bench.limiter.buckets().sizes().evictions, 0u);
}

TEST(Limiter, OverItsBoundTheFullestGo) {
    Settings with = settings({local(By::kUser, {kSecond, 1'000})});
    with.max_buckets = 6'400;
    Bench bench(with);
    // Fifty who are far over everybody else, and then as many strangers as come by.
    for (int user = 0; user < 50; ++user)
        ASSERT_EQ(bench.take(sends("heavy" + std::to_string(user)), 1'000), 0);
    for (int user = 0; user < 20'000; ++user)
        ASSERT_EQ(bench.take(sends("stranger" + std::to_string(user))), 0);
    const auto sizes = bench.limiter.buckets().sizes();
    EXPECT_LE(sizes.buckets, 6'400u);
    EXPECT_GE(sizes.buckets, 6'000u);
    EXPECT_GE(sizes.evictions, 13'000u);
    int remembered = 0;
    for (int user = 0; user < 50; ++user)
        remembered += bench.take(sends("heavy" + std::to_string(user))) > 0 ? 1 : 0;
    EXPECT_EQ(remembered, 50);
}

TEST(Limiter, ANewcomerTakesThePlaceOfAFullOneAndNobodyIsForgotten) {
    Settings with = settings({local(By::kUser, per_second(1, 1))});
    with.max_buckets = 6'400;
    Bench bench(with);
    for (int round = 0; round < 20; ++round) {
        for (int user = 0; user < 3'000; ++user)
            ASSERT_EQ(bench.take(sends(std::to_string(round) + "-" + std::to_string(user))), 0);
        bench.moment.now_ns += 2 * kSecond;
    }
    EXPECT_LE(bench.limiter.buckets().sizes().buckets, 6'400u);
    EXPECT_EQ(bench.limiter.buckets().sizes().evictions, 0u);
}

// --------------------------------------------------------------------------------------------- top, forget

TEST(Limiter, TheMostRefusedAreKnown) {
    Bench bench(
        settings({local(By::kUser, per_second(1, 1)), local(By::kAddress, per_second(1'000, 100'000))}));
    EXPECT_EQ(bench.takes(sends("ann"), 31), 1);
    EXPECT_EQ(bench.takes(sends("bob"), 11), 1);
    EXPECT_EQ(bench.takes(sends("eve"), 1), 1);
    bench.moment.now_ns += 5 * kMs;
    const auto top = bench.limiter.buckets().top(10);
    ASSERT_EQ(top.size(), 2u);
    EXPECT_EQ(top[0].key, "ann");
    EXPECT_EQ(top[0].by, By::kUser);
    EXPECT_EQ(top[0].refused, 30u);
    EXPECT_EQ(top[0].maybe_less, 0u);
    EXPECT_EQ(top[1].key, "bob");
    EXPECT_EQ(bench.limiter.buckets().top(1).size(), 1u);
}

TEST(Limiter, AHeavyOneStaysOnTopOfManyLightOnes) {
    Bench bench(settings({local(By::kUser, {3'600 * kSecond, 1})}));
    for (int user = 0; user < 5'000; ++user) {
        bench.takes(sends(std::to_string(user)), 2);
        bench.takes(sends("heavy"), 2);
    }
    const auto top = bench.limiter.buckets().top(1'000);
    EXPECT_EQ(top.front().key, "heavy");
    EXPECT_GE(top.front().refused, 9'000u);
    EXPECT_LE(top.size(), Buckets::kShards * TopList::kPlaces);
}

TEST(Limiter, WhoIsForgottenBeginsAnew) {
    Bench bench(settings({local(By::kUser, per_second(1, 2)), local(By::kAddress, per_second(1, 100))}));
    EXPECT_EQ(bench.takes(sends("ann"), 10), 2);
    EXPECT_EQ(bench.limiter.forget(By::kUser, "ann", bench.questions), true);
    EXPECT_EQ(bench.limiter.forget(By::kUser, "ann", bench.questions), false);
    EXPECT_TRUE(bench.questions.empty());
    EXPECT_TRUE(bench.limiter.buckets().top(10).empty());
    EXPECT_EQ(bench.takes(sends("ann"), 10), 2);
    EXPECT_EQ(bench.limiter.forget(By::kAddress, "192.0.2.1", bench.questions), true);
}

TEST(Limiter, AnAddressIsForgottenAsItIsShown) {
    Bench bench(
        settings({local(By::kAddress, per_second(1, 1)), local(By::kNode, per_second(1'000, 1'000))}));
    for (const char* written : {"2001:db8::/64", "2001:db8::7"}) {
        EXPECT_EQ(bench.takes(sends("a", "2001:db8::1"), 10), 1);
        EXPECT_EQ(bench.limiter.forget(By::kAddress, written, bench.questions), true) << written;
    }
    EXPECT_EQ(bench.limiter.forget(By::kNode, "node", bench.questions), true);
    EXPECT_EQ(bench.limiter.forget(By::kNode, "other", bench.questions), std::nullopt);
    EXPECT_EQ(bench.limiter.forget(By::kUser, "", bench.questions), std::nullopt);
}

}  // namespace
}  // namespace ratelimit
