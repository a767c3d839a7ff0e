#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace streamhost::observe {

enum class MetricKind : std::uint8_t { counter = 1, gauge, histogram };

/// What a hot path holds. Never freed while its registry lives, so a late call is a late count and no crash.
class Metric {
public:
    explicit Metric(MetricKind kind) noexcept : kind_(kind) {}
    virtual ~Metric() = default;
    Metric(const Metric&) = delete;
    Metric& operator=(const Metric&) = delete;
    [[nodiscard]] MetricKind kind() const noexcept { return kind_; }
    virtual void reset() noexcept = 0;  ///< to zero; concurrent updates may be lost

private:
    const MetricKind kind_;
};

namespace detail {

/// Threads are spread over the shards in order of their first count; loops start first and get one each.
inline constexpr std::size_t kShards = 8;
[[nodiscard]] std::size_t next_shard() noexcept;
[[nodiscard]] inline std::size_t my_shard() noexcept {
    static constinit thread_local std::size_t shard = kShards;  // plain: a destructor would pin libraries
    if (shard == kShards) shard = next_shard();
    return shard;
}

/// A cache line of its own: two loops that count do not slow each other.
struct alignas(64) Shard {
    std::atomic<std::uint64_t> whole{0};
    std::atomic<double> real{0};
};

}  // namespace detail

/// Only rises. [any], lock-free. Whole numbers take one uncontended atomic addition; others, a
/// compare-and-swap.
class Counter final : public Metric {
public:
    Counter() noexcept : Metric(MetricKind::counter) {}
    void add(std::uint64_t amount = 1) noexcept {
        shards_[detail::my_shard()].whole.fetch_add(amount, std::memory_order_relaxed);
    }
    void add_real(double amount) noexcept {
        shards_[detail::my_shard()].real.fetch_add(amount, std::memory_order_relaxed);
    }
    [[nodiscard]] double value() const noexcept;
    void reset() noexcept override;

private:
    std::array<detail::Shard, detail::kShards> shards_;
};

/// Goes up and down; the last set() wins. [any]
class Gauge final : public Metric {
public:
    Gauge() noexcept : Metric(MetricKind::gauge) {}
    void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
    void add(double amount) noexcept { value_.fetch_add(amount, std::memory_order_relaxed); }
    [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }
    void reset() noexcept override { set(0); }

private:
    std::atomic<double> value_{0};
};

/// Counts values by upper bound. `bounds` ascend; one bucket for everything above is added. observe() is
/// [any].
class Histogram final : public Metric {
public:
    explicit Histogram(std::vector<double> bounds);
    void observe(double value) noexcept;

    struct Snapshot {
        std::vector<std::uint64_t> counts;  ///< per bucket, not cumulated; one more than bounds
        double sum = 0;
    };
    [[nodiscard]] Snapshot snapshot() const;
    [[nodiscard]] const std::vector<double>& bounds() const noexcept { return bounds_; }
    void reset() noexcept override;

private:
    /// Per shard: the counts, padded to whole cache lines by the stride.
    struct alignas(64) Line {
        std::array<std::atomic<std::uint64_t>, 8> counts{};
    };
    [[nodiscard]] std::atomic<std::uint64_t>& count(std::size_t shard, std::size_t bucket) noexcept {
        return lines_[shard * lines_per_shard_ + bucket / 8].counts[bucket % 8];
    }

    const std::vector<double> bounds_;
    const std::size_t lines_per_shard_;
    std::vector<Line> lines_;
    std::array<detail::Shard, detail::kShards> sums_;
};

}  // namespace streamhost::observe
