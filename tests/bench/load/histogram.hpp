#pragma once

#include <cstdint>
#include <vector>

namespace streamhost::load {

// The problem: ten million latencies of which the largest hundred matter, without keeping them. Buckets as in
// HdrHistogram: 128 of equal width in each power of two, so a value is known to 1/128 (0.8 %) of itself
// wherever it lies. Nanoseconds, up to 2^42 (73 minutes); above, the last bucket. The extremes are exact.
class Histogram {
public:
    Histogram();

    void record(std::int64_t value_ns, std::uint64_t times = 1) noexcept;  // negative counts as 0
    void add(const Histogram& other) noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::int64_t min_ns() const noexcept { return count_ == 0 ? 0 : min_; }
    [[nodiscard]] std::int64_t max_ns() const noexcept { return max_; }
    [[nodiscard]] double mean_ns() const noexcept;
    // The value that `percent` of all values do not exceed, rounded up to its bucket's end; 0 when empty.
    [[nodiscard]] std::int64_t percentile_ns(double percent) const noexcept;

private:
    static constexpr unsigned kBits = 7;
    static constexpr unsigned kMaxWidth = 42;
    static std::size_t bucket_of(std::uint64_t value) noexcept;
    static std::int64_t end_of(std::size_t bucket) noexcept;

    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    double sum_ = 0;
    std::int64_t min_ = INT64_MAX;
    std::int64_t max_ = 0;
};

}  // namespace streamhost::load
