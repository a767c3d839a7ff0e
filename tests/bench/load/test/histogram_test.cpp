#include "histogram.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace streamhost::load {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0u);
    EXPECT_EQ(histogram.percentile_ns(99), 0);
    EXPECT_EQ(histogram.min_ns(), 0);
    EXPECT_EQ(histogram.max_ns(), 0);
    EXPECT_EQ(histogram.mean_ns(), 0);
}

TEST(Histogram, IsExactForSmallValues) {
    Histogram histogram;
    for (int value = 0; value < 200; ++value)
        histogram.record(value);
    EXPECT_EQ(histogram.percentile_ns(50), 99);
    EXPECT_EQ(histogram.percentile_ns(0.5), 0);
    EXPECT_EQ(histogram.percentile_ns(0.6), 1);
    EXPECT_EQ(histogram.percentile_ns(100), 199);
    EXPECT_DOUBLE_EQ(histogram.mean_ns(), 99.5);
}

// Against the definition, on values of all sizes: a percentile is never below the true one and at most 0.8 %
// above.
TEST(Histogram, PercentilesAreWithinABucketOfTheTrueOnes) {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> values(11, 3);
    std::vector<std::int64_t> all;
    Histogram histogram;
    for (int count = 0; count < 50'000; ++count) {
        const auto value = static_cast<std::int64_t>(values(random));
        all.push_back(value);
        histogram.record(value);
    }
    std::sort(all.begin(), all.end());
    for (const double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
        const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * 50'000));
        const auto truth = static_cast<double>(all[rank - 1]);
        const auto found = static_cast<double>(histogram.percentile_ns(percent));
        EXPECT_GE(found, truth) << percent;
        EXPECT_LE(found, truth * (1 + 1.0 / 128) + 1) << percent;
    }
    EXPECT_EQ(histogram.min_ns(), all.front());
    EXPECT_EQ(histogram.max_ns(), all.back());
}

TEST(Histogram, KeepsTheEdgesOfPowersApart) {
    for (unsigned power = 8; power < 41; ++power) {
        Histogram histogram;
        const auto edge = std::int64_t{1} << power;
        histogram.record(edge - 1);
        histogram.record(edge * 4);
        EXPECT_EQ(histogram.percentile_ns(50), edge - 1) << power;
    }
}

TEST(Histogram, TakesWhatIsTooLargeOrNegative) {
    Histogram histogram;
    histogram.record(INT64_MAX);
    EXPECT_EQ(histogram.percentile_ns(50), INT64_MAX);
    histogram.record(-5, 3);
    EXPECT_EQ(histogram.min_ns(), 0);
    EXPECT_EQ(histogram.percentile_ns(50), 0);
    EXPECT_EQ(histogram.count(), 4u);
}

TEST(Histogram, AddsUp) {
    Histogram a;
    Histogram b;
    Histogram both;
    for (std::int64_t value = 1; value < 1'000'000; value += 997) {
        (value % 2 == 0 ? a : b).record(value, 2);
        both.record(value, 2);
    }
    a.add(b);
    EXPECT_EQ(a.count(), both.count());
    EXPECT_EQ(a.min_ns(), both.min_ns());
    EXPECT_EQ(a.max_ns(), both.max_ns());
    for (double percent = 0; percent <= 100; percent += 5)
        EXPECT_EQ(a.percentile_ns(percent), both.percentile_ns(percent));
}

}  // namespace
}  // namespace streamhost::load
