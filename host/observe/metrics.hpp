#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "observe/metric_cells.hpp"

namespace streamhost::observe {

/// Who registered a metric: the host, or one plugin instance. An owner that goes takes its metrics out of
/// view.
using MetricOwner = std::uint32_t;
inline constexpr MetricOwner kHostMetrics = 0;

struct Label {
    std::string_view name;   ///< [a-zA-Z_][a-zA-Z0-9_]*, not beginning with __
    std::string_view value;  ///< UTF-8, at most 128 bytes; of few values: never a session, stream or user
};
using Labels = std::span<const Label>;

/// `name` without the prefix streamhost_: base units, _total for counters. All metrics of one name share
/// kind, label names and, for histograms, bounds (ascending).
struct MetricSpec {
    MetricKind kind = MetricKind::counter;
    std::string_view name;
    std::string_view help;
    Labels labels{};
    std::span<const double> bounds{};
};

struct MetricsOptions {
    std::size_t max_families = 1'000;         ///< beyond it get() answers nullptr
    std::size_t max_series_per_family = 100;  ///< beyond it every label value becomes "other"
};

/// Filled at each scrape by collectors, for numbers that someone counts already.
class Samples {
public:
    virtual void counter(std::string_view name, std::string_view help, Labels labels, double value) = 0;
    virtual void gauge(std::string_view name, std::string_view help, Labels labels, double value) = 0;

protected:
    ~Samples() = default;
};
using Collector = std::function<void(Samples&)>;

/// The problem: counting must cost nanoseconds on a loop, a plugin must be able to leave, and one careless
/// label must not fill the memory of this process and of whoever scrapes it.
///
/// Registering takes a lock; counting (metric_cells.hpp) takes none; a scrape adds the shards up. What is
/// registered again, say by the next generation of a plugin, is the same cell and goes on counting.
/// All functions [any] unless tagged; not for a handler of a message: get() once and keep the pointer.
class Metrics {
public:
    explicit Metrics(MetricsOptions options = {});
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// The metric, valid as long as this registry; nullptr, and why, when the spec is malformed or
    /// contradicts what the name stands for already.
    [[nodiscard]] Metric* get(MetricOwner owner, const MetricSpec& spec, std::string* why = nullptr);

    /// For the host's own metrics, whose specs are literals: a bad one is a fault, and counts into nothing.
    using LabelList = std::initializer_list<Label>;
    [[nodiscard]] Counter& counter(std::string_view name, std::string_view help, LabelList labels = {});
    [[nodiscard]] Gauge& gauge(std::string_view name, std::string_view help, LabelList labels = {});
    [[nodiscard]] Histogram& histogram(std::string_view name, std::string_view help,
                                       std::span<const double> bounds, LabelList labels = {});

    /// `collect` runs at each scrape, one at a time, on the scraping thread; it must not call this registry.
    /// Its names are not bounded: host code only.
    void add_collector(MetricOwner owner, Collector collect);

    /// Hides the owner's metrics unless another owner has them too, and removes its collectors. Pointers stay
    /// valid. Waits for a scrape that is running. [control]
    void remove_owner(MetricOwner owner);

    /// Prometheus text format 0.0.4. May take milliseconds: [control] [worker]
    [[nodiscard]] std::string exposition() const;

private:
    struct Series;
    struct Family;
    class Scrape;

    [[nodiscard]] Family* family_for(const MetricSpec& spec, std::string& why);
    [[nodiscard]] Series& series_for(Family& family, Labels labels);
    template <class T>
    [[nodiscard]] T& own(const MetricSpec& spec, T& nothing);

    const MetricsOptions options_;
    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
    std::vector<std::pair<MetricOwner, Collector>> collectors_;
    Counter overflows_;
    Counter null_counter_;
    Gauge null_gauge_;
    Histogram null_histogram_{std::vector<double>{}};
};

/// Upper bounds from 100 us to 10 s for durations in seconds, three to a decade.
[[nodiscard]] std::span<const double> duration_bounds() noexcept;

}  // namespace streamhost::observe
