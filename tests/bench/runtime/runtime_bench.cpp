// Timers, gates, tasks and posting, each beside what one would write without thinking.
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "runtime/gate.hpp"
#include "runtime/loop.hpp"
#include "runtime/timer_wheel.hpp"

namespace {

using namespace streamhost::runtime;

constexpr std::size_t kTimers = 20'000;
constexpr std::uint64_t kIdleMs = 30'000;

struct Idle : TimerFor<Idle, int> {
    void on_timer(int) {}
};

/// A frame arrived: the idle deadline of its connection moves. One millisecond passes each 100 frames.
void idle_deadline_wheel(benchmark::State& state) {
    TimerWheel wheel(0);
    std::vector<Idle> timers(kTimers);
    std::mt19937 random(1);
    std::uint64_t now_ms = 0;
    for (Idle& timer : timers)
        wheel.arm_at(timer, now_ms + kIdleMs);
    std::uint64_t frames = 0;
    for (auto _ : state) {
        wheel.arm_at(timers[random() % kTimers], now_ms + kIdleMs);
        if (++frames % 100 == 0) wheel.advance(++now_ms, kTimers);
    }
}
BENCHMARK(idle_deadline_wheel);

void idle_deadline_multimap(benchmark::State& state) {
    std::multimap<std::uint64_t, std::size_t> deadlines;
    std::vector<std::multimap<std::uint64_t, std::size_t>::iterator> at(kTimers);
    std::mt19937 random(1);
    std::uint64_t now_ms = 0;
    for (std::size_t i = 0; i < kTimers; ++i)
        at[i] = deadlines.emplace(kIdleMs, i);
    std::uint64_t frames = 0;
    for (auto _ : state) {
        const std::size_t i = random() % kTimers;
        deadlines.erase(at[i]);
        at[i] = deadlines.emplace(now_ms + kIdleMs, i);
        if (++frames % 100 != 0) continue;
        ++now_ms;
        while (deadlines.begin()->first <= now_ms) {
            const std::size_t due = deadlines.begin()->second;
            deadlines.erase(deadlines.begin());
            at[due] = deadlines.emplace(now_ms + kIdleMs, due);
        }
    }
}
BENCHMARK(idle_deadline_multimap);

CountedGate counted;
void gate_counted(benchmark::State& state) {
    for (auto _ : state) {
        if (!counted.enter()) state.SkipWithError("closed");
        counted.leave();
    }
}
BENCHMARK(gate_counted)->Threads(1)->Threads(2);

RoundGate by_round;
void gate_by_round(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(by_round.open());
}
BENCHMARK(gate_by_round)->Threads(1)->Threads(2);

template <class Callable>
void make_move_call(benchmark::State& state) {
    std::uint64_t sum = 0;
    std::uint64_t* const target = &sum;
    for (auto _ : state) {
        Callable first(
            [target, a = sum, b = std::uint64_t{1}, c = std::uint64_t{2}] { *target += a + b + c; });
        Callable second(std::move(first));
        second();
    }
    benchmark::DoNotOptimize(sum);
}
BENCHMARK(make_move_call<Task>);
BENCHMARK(make_move_call<std::function<void()>>);

/// One foreign post per iteration, run in bursts as a loop under load would see them.
void post_and_run(benchmark::State& state) {
    const SystemClock clock;
    Loop loop(clock, {});
    const auto burst = static_cast<std::uint64_t>(state.range(0));
    std::uint64_t ran = 0;
    std::uint64_t posted = 0;
    for (auto _ : state) {
        if (loop.post([&ran] { ++ran; }) != PostStatus::accepted) state.SkipWithError("refused");
        if (++posted % burst == 0) loop.run_once(0);
    }
    benchmark::DoNotOptimize(ran);
}
BENCHMARK(post_and_run)->Arg(1)->Arg(10)->Arg(100);

}  // namespace
