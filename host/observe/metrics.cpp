#include "observe/metrics.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <sstream>
#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "observe/log_line.hpp"
#include "observe/metric_names.hpp"
#include "runtime/fault.hpp"

namespace streamhost::observe {
namespace {

constexpr std::string_view kPrefix = "streamhost_";
constexpr std::string_view kOther = "other";
constexpr std::size_t kMaxHelpBytes = 500;

using LabelValues = std::vector<std::string>;

prometheus::MetricType type_of(MetricKind kind) {
    switch (kind) {
    case MetricKind::counter: return prometheus::MetricType::Counter;
    case MetricKind::gauge: return prometheus::MetricType::Gauge;
    case MetricKind::histogram: return prometheus::MetricType::Histogram;
    }
    return prometheus::MetricType::Untyped;
}

std::unique_ptr<Metric> make_cell(const MetricKind kind, const std::vector<double>& bounds) {
    switch (kind) {
    case MetricKind::counter: return std::make_unique<Counter>();
    case MetricKind::gauge: return std::make_unique<Gauge>();
    case MetricKind::histogram: return std::make_unique<Histogram>(bounds);
    }
    return nullptr;
}

prometheus::ClientMetric::Histogram cumulated(const Histogram& histogram) {
    const Histogram::Snapshot snapshot = histogram.snapshot();
    prometheus::ClientMetric::Histogram out;
    out.sample_sum = snapshot.sum;
    for (std::size_t i = 0; i < snapshot.counts.size(); ++i) {
        out.sample_count += snapshot.counts[i];
        const bool last = i == histogram.bounds().size();
        const double bound = last ? std::numeric_limits<double>::infinity() : histogram.bounds()[i];
        out.bucket.push_back({out.sample_count, bound});
    }
    return out;
}

std::string with_prefix(std::string_view name) { return std::string(kPrefix) + std::string(name); }

}  // namespace

struct Metrics::Series {
    LabelValues values;
    std::vector<MetricOwner> owners;  // none: hidden, kept for the pointers that are out
    std::unique_ptr<Metric> cell;
};

struct Metrics::Family {
    std::string name;  // with prefix
    std::string help;
    MetricKind kind;
    std::vector<std::string> label_names;  // sorted
    std::vector<double> bounds;
    std::map<LabelValues, Series> series;

    [[nodiscard]] prometheus::MetricFamily collect() const;
};

prometheus::MetricFamily Metrics::Family::collect() const {
    prometheus::MetricFamily out{name, help, type_of(kind), {}};
    for (const auto& [values, one] : series) {
        if (one.owners.empty()) continue;
        prometheus::ClientMetric& metric = out.metric.emplace_back();
        for (std::size_t i = 0; i < values.size(); ++i)
            metric.label.push_back({label_names[i], values[i]});
        switch (kind) {
        case MetricKind::counter:
            metric.counter.value = static_cast<const Counter&>(*one.cell).value();
            break;
        case MetricKind::gauge: metric.gauge.value = static_cast<const Gauge&>(*one.cell).value(); break;
        case MetricKind::histogram:
            metric.histogram = cumulated(static_cast<const Histogram&>(*one.cell));
            break;
        }
    }
    return out;
}

/// Gathers what the collectors say, by name: the format wants a family in one piece.
class Metrics::Scrape final : public Samples {
public:
    void counter(std::string_view name, std::string_view help, Labels labels, double value) override {
        add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
    }
    void gauge(std::string_view name, std::string_view help, Labels labels, double value) override {
        add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
    }
    void add(prometheus::MetricFamily family) {
        if (family.metric.empty()) return;
        auto& target = families_[family.name];
        if (target.name.empty()) {
            target = std::move(family);
        } else {
            std::move(family.metric.begin(), family.metric.end(), std::back_inserter(target.metric));
        }
    }
    [[nodiscard]] std::vector<prometheus::MetricFamily> take() && {
        std::vector<prometheus::MetricFamily> all;
        all.reserve(families_.size());
        for (auto& [name, family] : families_)
            all.push_back(std::move(family));
        return all;
    }

private:
    prometheus::ClientMetric& add(std::string_view name, std::string_view help, prometheus::MetricType type,
                                  Labels labels) {
        // Names that other tools look for have no prefix of ours.
        std::string full = name.starts_with("process_") ? std::string(name) : with_prefix(name);
        auto& family = families_[full];
        if (family.name.empty()) family = {std::move(full), std::string(help), type, {}};
        prometheus::ClientMetric& metric = family.metric.emplace_back();
        for (const Label& label : labels)
            metric.label.push_back({std::string(label.name), printable(label.value)});
        return metric;
    }

    std::map<std::string, prometheus::MetricFamily> families_;
};

Metrics::Metrics(MetricsOptions options) : options_(options) {}
Metrics::~Metrics() = default;

Metrics::Family* Metrics::family_for(const MetricSpec& spec, std::string& why) {
    std::vector<std::string> names;
    for (const Label& label : spec.labels)
        names.emplace_back(label.name);
    std::sort(names.begin(), names.end());
    const auto found = families_.find(spec.name);
    if (found != families_.end()) {
        Family& family = *found->second;
        if (family.kind != spec.kind) why = "the name is taken by another kind";
        if (family.label_names != names) why = "the name is taken with other labels";
        if (!std::equal(family.bounds.begin(), family.bounds.end(), spec.bounds.begin(), spec.bounds.end())) {
            why = "the name is taken with other bounds";
        }
        return why.empty() ? &family : nullptr;
    }
    if (families_.size() >= options_.max_families) {
        why = "too many metrics";
        return nullptr;
    }
    auto family = std::make_unique<Family>();
    family->name = with_prefix(spec.name);
    family->help = valid_utf8(spec.help.substr(0, kMaxHelpBytes));
    family->kind = spec.kind;
    family->label_names = std::move(names);
    family->bounds.assign(spec.bounds.begin(), spec.bounds.end());
    return families_.emplace(spec.name, std::move(family)).first->second.get();
}

Metrics::Series& Metrics::series_for(Family& family, Labels labels) {
    std::vector<Label> sorted(labels.begin(), labels.end());
    std::sort(sorted.begin(), sorted.end(), [](const Label& a, const Label& b) { return a.name < b.name; });
    LabelValues values;
    for (const Label& label : sorted)
        values.push_back(printable(label.value));
    if (const auto found = family.series.find(values); found != family.series.end()) return found->second;
    if (family.series.size() >= options_.max_series_per_family) {
        overflows_.add();
        std::fill(values.begin(), values.end(), std::string(kOther));
    }
    Series& series = family.series[values];
    if (series.cell == nullptr) series.cell = make_cell(family.kind, family.bounds);
    return series;
}

Metric* Metrics::get(MetricOwner owner, const MetricSpec& spec, std::string* why) {
    std::string reason = why_malformed(spec);
    const std::lock_guard lock(mutex_);
    Family* family = reason.empty() ? family_for(spec, reason) : nullptr;
    if (why != nullptr) *why = reason;
    if (family == nullptr) return nullptr;
    Series& series = series_for(*family, spec.labels);
    // A gauge of somebody who left says nothing about the one who comes; a counter goes on.
    if (series.owners.empty() && spec.kind == MetricKind::gauge) series.cell->reset();
    if (std::find(series.owners.begin(), series.owners.end(), owner) == series.owners.end()) {
        series.owners.push_back(owner);
    }
    return series.cell.get();
}

template <class T>
T& Metrics::own(const MetricSpec& spec, T& nothing) {
    std::string why;
    Metric* metric = get(kHostMetrics, spec, &why);
    if (metric != nullptr) return static_cast<T&>(*metric);
    runtime::fault("metric " + std::string(spec.name), why);
    return nothing;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, LabelList labels) {
    return own({MetricKind::counter, name, help, {labels.begin(), labels.size()}, {}}, null_counter_);
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, LabelList labels) {
    return own({MetricKind::gauge, name, help, {labels.begin(), labels.size()}, {}}, null_gauge_);
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                              LabelList labels) {
    return own({MetricKind::histogram, name, help, {labels.begin(), labels.size()}, bounds}, null_histogram_);
}

void Metrics::add_collector(MetricOwner owner, Collector collect) {
    const std::lock_guard lock(mutex_);
    collectors_.emplace_back(owner, std::move(collect));
}

void Metrics::remove_owner(MetricOwner owner) {
    const std::lock_guard lock(mutex_);
    std::erase_if(collectors_, [&](const auto& entry) { return entry.first == owner; });
    for (auto& [name, family] : families_) {
        for (auto& [values, series] : family->series)
            std::erase(series.owners, owner);
    }
}

std::string Metrics::exposition() const {
    Scrape scrape;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, family] : families_)
            scrape.add(family->collect());
        for (const auto& [owner, collect] : collectors_)
            collect(scrape);
    }
    scrape.counter("metric_series_refused_total",
                   "Label sets counted as \"other\" because a metric has too many.", {}, overflows_.value());
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, std::move(scrape).take());
    return std::move(out).str();
}

std::span<const double> duration_bounds() noexcept {
    static constexpr std::array kBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                        0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};
    return kBounds;
}

}  // namespace streamhost::observe
