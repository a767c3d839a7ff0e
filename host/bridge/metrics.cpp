#include <cmath>
#include <vector>

#include "bridge/extensions.hpp"
#include "bridge/house.hpp"
#include "observe/metric_cells.hpp"

namespace streamhost::bridge {

namespace {

// sh_metric is opaque; behind it is the registry's cell, which is never freed while the registry lives.
observe::Metric& cell(sh_metric* metric) { return *reinterpret_cast<observe::Metric*>(metric); }

observe::MetricOwner owner_of(const control::Instance& instance) {
    return static_cast<observe::MetricOwner>(instance.id());
}

// Once per instance: its metrics leave with it, unless the whole node ends. What was counted on the way out
// is asked for after that.
void own(House& house, control::Instance& instance) {
    const auto counts = instance.handles().counts();
    if (counts.contains("metrics")) return;
    (void)instance.handles().add({"metrics", {}, [&house, owner = owner_of(instance)] {
                                      if (house.phase.load() != SH_NODE_STOPPING)
                                          house.metrics.remove_owner(owner);
                                  }});
}

sh_metric* get(const sh_host* host, std::uint32_t kind, const char* name, const char* help,
               const sh_label* labels, std::uint32_t label_count, const double* buckets,
               std::uint32_t bucket_count) {
    if (kind < SH_METRIC_COUNTER || kind > SH_METRIC_HISTOGRAM) return nullptr;
    House& house = house_of(host);
    control::Instance& instance = control::Instance::of(host);
    std::vector<observe::Label> list;
    for (std::uint32_t index = 0; index < label_count; ++index)
        list.push_back({labels[index].name, labels[index].value});
    observe::MetricSpec spec{
        static_cast<observe::MetricKind>(kind), name, help, list, {buckets, bucket_count}};
    std::string why;
    observe::Metric* metric = house.metrics.get(owner_of(instance), spec, &why);
    if (metric == nullptr)
        house.log_of(instance).error("a metric was refused", {{"name", name}, {"why", why}});
    if (metric != nullptr) own(house, instance);
    return reinterpret_cast<sh_metric*>(metric);
}

// Most counts are whole, and those have a cheaper cell; what would make a counter fall is not counted.
void count(observe::Counter& counter, double value) {
    constexpr double kExact = 9007199254740992.0;  // 2^53: above it a double skips whole numbers
    if (!(value >= 0)) return;
    if (value < kExact && std::trunc(value) == value) return counter.add(static_cast<std::uint64_t>(value));
    counter.add_real(value);
}

void add(sh_metric* metric, double value) {
    switch (cell(metric).kind()) {
    case observe::MetricKind::counter: return count(static_cast<observe::Counter&>(cell(metric)), value);
    case observe::MetricKind::gauge: return static_cast<observe::Gauge&>(cell(metric)).add(value);
    case observe::MetricKind::histogram: return static_cast<observe::Histogram&>(cell(metric)).observe(value);
    }
}

void set(sh_metric* metric, double value) {
    if (cell(metric).kind() == observe::MetricKind::gauge)
        static_cast<observe::Gauge&>(cell(metric)).set(value);
}

}  // namespace

const sh_metrics_ext& metrics_table() {
    static constexpr sh_metrics_ext kTable = {sizeof(sh_metrics_ext), 0, &get, &add, &set};
    return kTable;
}

}  // namespace streamhost::bridge
