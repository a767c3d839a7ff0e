// One increment: our cells, prometheus-cpp's, and the two ends of the scale.
#include <array>
#include <atomic>
#include <memory>

#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include "observe/metrics.hpp"

namespace {

using namespace streamhost;

observe::Counter own_counter;
prometheus::Counter library_counter;
std::atomic<std::uint64_t> shared_integer{0};

void counter_ours(benchmark::State& state) {
    for (auto _ : state)
        own_counter.add();
}
void counter_prometheus_cpp(benchmark::State& state) {
    for (auto _ : state)
        library_counter.Increment();
}
void counter_one_shared_atomic(benchmark::State& state) {
    for (auto _ : state)
        shared_integer.fetch_add(1, std::memory_order_relaxed);
}
/// What a shard with one writer only could cost: no locked instruction.
void counter_single_writer(benchmark::State& state) {
    std::atomic<double> mine{0};
    for (auto _ : state) {
        mine.store(mine.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
}
BENCHMARK(counter_ours)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(counter_prometheus_cpp)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(counter_one_shared_atomic)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(counter_single_writer)->Threads(1)->Threads(2)->UseRealTime();

const std::vector<double> kBounds(observe::duration_bounds().begin(), observe::duration_bounds().end());
observe::Histogram own_histogram{kBounds};
prometheus::Histogram library_histogram{kBounds};

void histogram_ours(benchmark::State& state) {
    for (auto _ : state)
        own_histogram.observe(0.003);
}
void histogram_prometheus_cpp(benchmark::State& state) {
    for (auto _ : state)
        library_histogram.Observe(0.003);
}
BENCHMARK(histogram_ours)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(histogram_prometheus_cpp)->Threads(1)->Threads(2)->UseRealTime();

void scrape(benchmark::State& state) {
    observe::Metrics metrics;
    for (int i = 0; i < 100; ++i) {
        for (int j = 0; j < 10; ++j) {
            const auto name = "metric_" + std::to_string(i) + "_total";
            const auto value = std::to_string(j);
            metrics.counter(name, "A counter.", {{"label", value}}).add(static_cast<std::uint64_t>(j));
        }
    }
    for (auto _ : state)
        benchmark::DoNotOptimize(metrics.exposition().size());
}
BENCHMARK(scrape);

}  // namespace
