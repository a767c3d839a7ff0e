// Buckets that several nodes take from. An interval of an hour stands still for the length of a test.

#include "store/conformance/suite.hpp"

namespace streamhost::store::conformance {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kHour = 3'600'000 * kMs;

class RateCalls {
public:
    RateCalls(Store& store, std::string key, std::int64_t interval_ns, std::uint32_t burst)
        : keys_(store.keys()), key_(std::move(key)), interval_ns_(interval_ns), burst_(burst) {}

    auto take(std::uint32_t want) {
        return [=, this](RateDone done) {
            return keys_.rate_take({.key = key_, .interval_ns = interval_ns_, .burst = burst_, .want = want},
                                   std::move(done));
        };
    }

private:
    KeyCommands& keys_;
    std::string key_;
    std::int64_t interval_ns_;
    std::uint32_t burst_;
};

TEST_P(Rates, ABucketBeginsFullAndGivesWhatItHas) {
    RateCalls calls(store(), fresh_home(), kHour, 10);
    const auto first = run<RateReply>(calls.take(4));
    EXPECT_EQ(first.status, Status::kOk);
    EXPECT_EQ(first.granted, 4U);
    EXPECT_EQ(first.wait_ms, 0);
    const auto rest = run<RateReply>(calls.take(8));
    EXPECT_EQ(rest.status, Status::kOk);
    EXPECT_EQ(rest.granted, 6U);
    EXPECT_GT(rest.wait_ms, 3'590'000);
    EXPECT_LE(rest.wait_ms, 3'600'000);
    const auto none = run<RateReply>(calls.take(1));
    EXPECT_EQ(none.status, Status::kOk);
    EXPECT_EQ(none.granted, 0U);
    EXPECT_GT(none.wait_ms, 3'590'000);
}

TEST_P(Rates, BucketsKnowNothingOfEachOther) {
    RateCalls one(store(), fresh_home(), kHour, 1);
    RateCalls other(store(), fresh_home(), kHour, 1);
    EXPECT_EQ(run<RateReply>(one.take(1)).granted, 1U);
    EXPECT_EQ(run<RateReply>(one.take(1)).granted, 0U);
    EXPECT_EQ(run<RateReply>(other.take(1)).granted, 1U);
}

TEST_P(Rates, TokensComeBackWithTime) {
    RateCalls calls(store(), fresh_home(), 200 * kMs, 3);
    ASSERT_EQ(run<RateReply>(calls.take(3)).granted, 3U);
    pass(200);
    const auto later = run<RateReply>(calls.take(3));
    EXPECT_GE(later.granted, 1U);
    if (!GetParam().manual_time) return;  // elsewhere more time may have passed than the test asked for
    EXPECT_EQ(later.granted, 1U);
    EXPECT_EQ(later.wait_ms, 200);
}

TEST_P(Rates, AFullBucketHoldsNoMoreThanItsBurst) {
    RateCalls calls(store(), fresh_home(), 20 * kMs, 2);
    ASSERT_EQ(run<RateReply>(calls.take(2)).granted, 2U);
    pass(200);
    RateCalls slow(store(), fresh_home(), kHour, 2);
    EXPECT_EQ(run<RateReply>(slow.take(100)).granted, 2U);
    EXPECT_EQ(run<RateReply>(calls.take(100)).granted, 2U);
}

TEST_P(Rates, WhatComesBackNeverExceedsTheRate) {
    RateCalls calls(store(), fresh_home(), 10 * kMs, 5);
    std::uint64_t granted = 0;
    for (int i = 0; i < 10; ++i) {
        granted += run<RateReply>(calls.take(5)).granted;
        bench_->advance(20);
    }
    // Five at once, and two for each step of time at least; a slow machine sees more time, not less.
    EXPECT_GE(granted, 5U + 9 * 2 - 1);
    if (GetParam().manual_time) {
        EXPECT_LE(granted, 5U + 9 * 2);
    }
}

TEST_P(Rates, AskingForNoneFillsIt) {
    RateCalls calls(store(), fresh_home(), kHour, 5);
    ASSERT_EQ(run<RateReply>(calls.take(5)).granted, 5U);
    const auto filled = run<RateReply>(calls.take(0));
    EXPECT_EQ(filled.status, Status::kOk);
    EXPECT_EQ(filled.granted, 0U);
    EXPECT_EQ(run<RateReply>(calls.take(5)).granted, 5U);
    EXPECT_EQ(run<RateReply>(RateCalls(store(), fresh_home(), kHour, 5).take(0)).status, Status::kOk);
}

TEST_P(Rates, CallersAtOnceShareWhatIsThere) {
    RateCalls calls(store(), fresh_home(), kHour / 6, 100);  // a whole one within a day
    std::vector<PendingPtr<RateReply>> asked;
    for (int i = 0; i < 50; ++i)
        asked.push_back(start<RateReply>(calls.take(3)));
    std::uint64_t granted = 0;
    for (const auto& pending : asked)
        granted += await(pending).granted;
    EXPECT_EQ(granted, 100U);
}

TEST_P(Rates, SmallIntervalsAreExact) {
    RateCalls calls(store(), fresh_home(), 1'000, 1'000'000);
    EXPECT_EQ(run<RateReply>(calls.take(1'000'000)).granted, 1'000'000U);
}

TEST_P(Rates, WhatIsOutsideTheirRangeIsInvalid) {
    const auto status = [&](std::string key, std::int64_t interval_ns, std::uint32_t burst,
                            std::uint32_t want) {
        return run<RateReply>(RateCalls(store(), std::move(key), interval_ns, burst).take(want)).status;
    };
    EXPECT_EQ(status("", kHour, 1, 1), Status::kInvalid);
    EXPECT_EQ(status("a{b", kHour, 1, 1), Status::kInvalid);
    EXPECT_EQ(status(std::string(257, 'k'), kHour, 1, 1), Status::kInvalid);
    EXPECT_EQ(status("k", 999, 1, 1), Status::kInvalid);
    EXPECT_EQ(status("k", -1, 1, 1), Status::kInvalid);
    EXPECT_EQ(status("k", kHour, 0, 1), Status::kInvalid);
    EXPECT_EQ(status("k", 1'000, 1'000'001, 1), Status::kInvalid);
    EXPECT_EQ(status("k", kHour, 25, 1), Status::kInvalid);
    EXPECT_EQ(status("k", kHour, 1, 1'000'001), Status::kInvalid);
    EXPECT_EQ(status("k", kHour, 24, 1'000'000), Status::kOk);
}

}  // namespace
}  // namespace streamhost::store::conformance
