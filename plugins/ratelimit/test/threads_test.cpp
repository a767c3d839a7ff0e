// Many threads at once: nothing is taken twice, nothing is lost, rules change in the middle.
#include <atomic>
#include <cstdio>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <time.h>

#include "fixture.hpp"

namespace ratelimit {
namespace {

using namespace testing;

template <typename Work>
void on_threads(int count, Work work) {
    std::vector<std::thread> threads;
    for (int index = 0; index < count; ++index)
        threads.emplace_back([&work, index] { work(index); });
    for (std::thread& thread : threads)
        thread.join();
}

TEST(Threads, TheLastTokenIsGivenOnce) {
    Bench bench(settings({local(By::kUser, {3'600 * kSecond, 20}), local(By::kNode, {10 * kSecond, 1'000})}));
    std::atomic<int> taken = 0;
    on_threads(4, [&](int index) {
        std::vector<Question> questions;
        for (int count = 0; count < 2'000; ++count) {
            const std::string user = std::to_string((count + index) % 100);
            const Verdict verdict = bench.limiter.take(sends(user), 1, bench.moment, questions);
            taken += verdict.wait_ms == 0 ? 1 : 0;
        }
    });
    EXPECT_EQ(taken, 1'000);
    // From all or from none: what all users have taken is what the node gave.
    int left = 0;
    bench.limiter.change(settings({local(By::kUser, {3'600 * kSecond, 20})}));
    for (int user = 0; user < 100; ++user)
        left += bench.takes(sends(std::to_string(user)), 100);
    EXPECT_EQ(left, 100 * 20 - 1'000);
}

TEST(Threads, CallsThatNeedTheSamePartsInAnotherOrderDoNotWaitForEachOther) {
    Bench bench(settings({local(By::kUser, per_second(1'000'000, 1'000'000)),
                          local(By::kAddress, per_second(1'000'000, 1'000'000)),
                          local(By::kSession, per_second(1'000'000, 1'000'000))}));
    std::atomic<int> taken = 0;
    on_threads(4, [&](int index) {
        std::vector<Question> questions;
        for (int count = 0; count < 5'000; ++count) {
            const std::string user = "u" + std::to_string((count * (index + 1)) % 7);
            const std::string address = "192.0.2." + std::to_string((count * (index + 3)) % 7);
            const std::string session = "s" + std::to_string((count * (index + 5)) % 7);
            const Subject subject{SH_RATE_SEND, address, user, session};
            taken += bench.limiter.take(subject, 1, bench.moment, questions).wait_ms == 0 ? 1 : 0;
        }
    });
    EXPECT_EQ(taken, 20'000);
}

TEST(Threads, RulesChangeWhileTheyAreRead) {
    const Limit kept = local(By::kUser, {3'600 * kSecond, 500});
    Bench bench(settings({kept}));
    std::atomic<bool> is_over = false;
    std::atomic<int> taken = 0;
    std::thread changer([&] {
        for (int count = 0; !is_over; ++count) {
            if (count % 2 == 0)
                bench.limiter.change(settings({kept, local(By::kAddress, {1'000, 1'000'000})}));
            else
                bench.limiter.change(settings({kept}));
            bench.limiter.buckets().sweep(*bench.limiter.rules(), 10, bench.moment.now_ns);
            (void)bench.limiter.buckets().top(10);
        }
    });
    on_threads(3, [&](int) {
        std::vector<Question> questions;
        for (int count = 0; count < 2'000; ++count)
            taken += bench.limiter.take(sends("ann"), 1, bench.moment, questions).wait_ms == 0 ? 1 : 0;
    });
    is_over = true;
    changer.join();
    EXPECT_EQ(taken, 500);
}

TEST(Threads, ConnectionsComeAndGo) {
    Settings with = settings({});
    with.connections = {50, 20, 100, 1'000};
    Bench bench(with);
    std::atomic<int> most = 0;
    on_threads(4, [&](int index) {
        const std::string user = std::to_string(index % 2);
        for (int count = 0; count < 2'000; ++count) {
            if (bench.limiter.enter("192.0.2.1", user).wait_ms != 0) continue;
            const int now = static_cast<int>(bench.limiter.connections().count());
            if (now > most) most = now;
            bench.limiter.leave("192.0.2.1", user);
        }
    });
    EXPECT_EQ(bench.limiter.connections().count(), 0u);
    EXPECT_GE(most, 1);
    EXPECT_LE(most, 4);
}

double cpu_ns() {
    timespec time{};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// What a call costs of a processor, as a figure in the log; no bound, since machines differ.
void measure(const char* what, std::vector<Limit> limits, int threads) {
    Bench bench(settings(std::move(limits)));
    constexpr int kCalls = 5'000;
    std::vector<double> took_ns(static_cast<std::size_t>(threads));
    on_threads(threads, [&](int index) {
        std::vector<Question> questions;
        std::vector<std::string> users;
        for (int count = 0; count < 256; ++count)
            users.push_back("user-" + std::to_string(index) + "-" + std::to_string(count));
        for (const std::string& user : users)
            (void)bench.limiter.take({SH_RATE_SEND, "192.0.2.1", user, "s"}, 1, bench.moment, questions);
        const double begin_ns = cpu_ns();
        for (int count = 0; count < kCalls; ++count) {
            const std::string& user = users[static_cast<std::size_t>(count) % users.size()];
            (void)bench.limiter.take({SH_RATE_SEND, "192.0.2.1", user, "s"}, 1, bench.moment, questions);
        }
        took_ns[static_cast<std::size_t>(index)] = (cpu_ns() - begin_ns) / kCalls;
    });
    const double sum_ns = std::accumulate(took_ns.begin(), took_ns.end(), 0.0);
    std::printf("%s, %d threads: %.0f ns per call\n", what, threads, sum_ns / threads);
    EXPECT_LE(bench.limiter.buckets().sizes().buckets, 100'000u);
}

TEST(Threads, WhatACallCosts) {
    const Rate wide{1'000, 1'000'000};
    for (const int threads : {1, 4}) {
        measure("no limit", {}, threads);
        measure("one limit by user", {local(By::kUser, wide)}, threads);
        measure("user, address and node",
                {local(By::kUser, wide), local(By::kAddress, wide), local(By::kNode, wide)}, threads);
    }
}

}  // namespace
}  // namespace ratelimit
