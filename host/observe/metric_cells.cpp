#include "observe/metric_cells.hpp"

#include <algorithm>
#include <utility>

namespace streamhost::observe {

std::size_t detail::next_shard() noexcept {
    static std::atomic<std::size_t> next{0};
    return next.fetch_add(1, std::memory_order_relaxed) % kShards;
}

double Counter::value() const noexcept {
    double sum = 0;
    for (const auto& shard : shards_) {
        sum += static_cast<double>(shard.whole.load(std::memory_order_relaxed));
        sum += shard.real.load(std::memory_order_relaxed);
    }
    return sum;
}

void Counter::reset() noexcept {
    for (auto& shard : shards_) {
        shard.whole.store(0, std::memory_order_relaxed);
        shard.real.store(0, std::memory_order_relaxed);
    }
}

Histogram::Histogram(std::vector<double> bounds)
    : Metric(MetricKind::histogram),
      bounds_(std::move(bounds)),
      lines_per_shard_((bounds_.size() + 1 + 7) / 8),
      lines_(detail::kShards * lines_per_shard_) {}

void Histogram::observe(double value) noexcept {
    const std::size_t shard = detail::my_shard();
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    count(shard, static_cast<std::size_t>(bucket)).fetch_add(1, std::memory_order_relaxed);
    sums_[shard].real.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
    Snapshot sum;
    sum.counts.resize(bounds_.size() + 1);
    for (std::size_t shard = 0; shard < detail::kShards; ++shard) {
        for (std::size_t bucket = 0; bucket < sum.counts.size(); ++bucket) {
            const Line& line = lines_[shard * lines_per_shard_ + bucket / 8];
            sum.counts[bucket] += line.counts[bucket % 8].load(std::memory_order_relaxed);
        }
        sum.sum += sums_[shard].real.load(std::memory_order_relaxed);
    }
    return sum;
}

void Histogram::reset() noexcept {
    for (Line& line : lines_) {
        for (auto& number : line.counts)
            number.store(0, std::memory_order_relaxed);
    }
    for (auto& sum : sums_)
        sum.real.store(0, std::memory_order_relaxed);
}

}  // namespace streamhost::observe
