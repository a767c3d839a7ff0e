#include "histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace streamhost::load {

Histogram::Histogram() : buckets_(bucket_of((std::uint64_t{1} << kMaxWidth) - 1) + 1) {}

// Below 2^8 a bucket per value. Above, the leading eight bits choose within the power of two.
std::size_t Histogram::bucket_of(std::uint64_t value) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width > kBits + 1 ? width - (kBits + 1) : 0;
    return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
}

std::int64_t Histogram::end_of(std::size_t bucket) noexcept {
    const std::size_t power = bucket >> kBits;
    const std::size_t shift = power > 1 ? power - 1 : 0;
    const std::size_t lead = bucket - (shift << kBits);
    return static_cast<std::int64_t>((lead + 1) << shift) - 1;
}

void Histogram::record(std::int64_t value_ns, std::uint64_t times) noexcept {
    if (times == 0) return;
    value_ns = std::max<std::int64_t>(value_ns, 0);
    buckets_[std::min(bucket_of(static_cast<std::uint64_t>(value_ns)), buckets_.size() - 1)] += times;
    count_ += times;
    sum_ += static_cast<double>(value_ns) * static_cast<double>(times);
    min_ = std::min(min_, value_ns);
    max_ = std::max(max_, value_ns);
}

void Histogram::add(const Histogram& other) noexcept {
    for (std::size_t index = 0; index < buckets_.size(); ++index)
        buckets_[index] += other.buckets_[index];
    count_ += other.count_;
    sum_ += other.sum_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
}

double Histogram::mean_ns() const noexcept { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

std::int64_t Histogram::percentile_ns(double percent) const noexcept {
    const double share = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_);
    const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (seen >= wanted) return bucket + 1 == buckets_.size() ? max_ : std::min(end_of(bucket), max_);
    }
    return max_;
}

}  // namespace streamhost::load
