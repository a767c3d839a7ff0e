// As many schedules as asked for, on all cores; or how many each mutation needs to be noticed.
//
//   simulator 100000        seeds 1 to 100,000; fails with the lowest one that does not hold
//   simulator mutations     each value of Mutation, until a schedule fails; or one, by its name
//   simulator failures 1000 every seed of so many that does not hold
//   simulator seed 4711     one, with its story
//
// The last line says what was tried. Exit codes: 0, 1 something failed, 2 called wrongly.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sim/schedule.hpp"

namespace {

using namespace streamhost::sim;

struct Failure {
    std::uint64_t seed = 0;
    std::string what;
};

class Many {
public:
    Many(std::uint64_t count, Mutation mutation, Mutation beside = Mutation::kNone)
        : count_(count), mutation_(mutation), beside_(beside) {}

    // The lowest seed that fails; 0: none does.
    Failure run() {
        std::vector<std::thread> threads;
        for (unsigned i = std::max(1U, std::thread::hardware_concurrency()); i > 0; --i)
            threads.emplace_back([this] { work(); });
        for (std::thread& thread : threads)
            thread.join();
        return failure_;
    }
    [[nodiscard]] const Tally& tally() const noexcept { return tally_; }

private:
    void work() {
        Tally mine;
        for (std::uint64_t seed = ++next_; seed <= count_ && seed < failed_; seed = ++next_) {
            const Outcome outcome = run_schedule(seed, mutation_);
            mine.add(outcome);
            if (!outcome.failure.empty() && holds_beside(seed)) failed(seed, outcome.failure);
        }
        const std::lock_guard lock(mutex_);
        tally_.add(mine);
    }
    [[nodiscard]] bool holds_beside(std::uint64_t seed) const {
        return beside_ == Mutation::kNone || run_schedule(seed, beside_).failure.empty();
    }
    void failed(std::uint64_t seed, const std::string& what) {
        const std::lock_guard lock(mutex_);
        if (seed >= failed_) return;
        failed_ = seed;
        failure_ = {seed, what};
    }

    const std::uint64_t count_;
    const Mutation mutation_;
    const Mutation beside_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<std::uint64_t> failed_{UINT64_MAX};
    std::mutex mutex_;
    Failure failure_;
    Tally tally_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int run_many(std::uint64_t count) {
    const auto start = std::chrono::steady_clock::now();
    Many many(count, Mutation::kNone);
    const Failure failure = many.run();
    if (failure.seed != 0) {
        std::printf("FAIL  seed %llu: %s\n", static_cast<unsigned long long>(failure.seed),
                    failure.what.c_str());
        return 1;
    }
    const Tally& tally = many.tally();
    const std::string thin = tally.thin();
    std::printf(
        "%s  %llu schedules, %llu events, %llu faults, %llu schedules with the whole guarantee: "
        "%.0f s%s\n",
        thin.empty() ? "ok  " : "FAIL", static_cast<unsigned long long>(tally.schedules),
        static_cast<unsigned long long>(tally.events), static_cast<unsigned long long>(tally.faults),
        static_cast<unsigned long long>(tally.single), seconds_since(start), thin.c_str());
    return thin.empty() ? 0 : 1;
}

int run_mutations(std::string_view only) {
    int unnoticed = 0;
    for (const Broken& broken : kBroken) {
        if (!only.empty() && broken.name != only) continue;
        const Failure failure = Many(broken.within, broken.mutation, broken.beside).run();
        if (failure.seed == 0) ++unnoticed;
        std::printf("%s  %-20s seed %llu: %s\n", failure.seed == 0 ? "FAIL" : "ok  ", broken.name,
                    static_cast<unsigned long long>(failure.seed),
                    failure.seed == 0 ? "nothing noticed" : failure.what.c_str());
    }
    return unnoticed == 0 ? 0 : 1;
}

int list_failures(std::uint64_t count) {
    int failures = 0;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const Outcome outcome = run_schedule(seed);
        if (outcome.failure.empty()) continue;
        ++failures;
        std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), outcome.failure.c_str());
    }
    std::printf("%d of %llu schedules fail\n", failures, static_cast<unsigned long long>(count));
    return failures == 0 ? 0 : 1;
}

int run_one(std::uint64_t seed) {
    const Outcome outcome = run_schedule(seed, Mutation::kNone, &std::cout);
    std::cout << (outcome.failure.empty() ? "ok" : outcome.failure) << '\n';
    return outcome.failure.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
    if (what == "mutations") return run_mutations(argc > 2 ? argv[2] : "");
    if (what == "seed" && argc > 2) return run_one(number(2));
    if (what == "failures" && argc > 2) return list_failures(number(2));
    if (argc == 2 && number(1) > 0) return run_many(number(1));
    std::cerr << "usage: simulator COUNT | mutations [NAME] | failures COUNT | seed NUMBER\n";
    return 2;
}
