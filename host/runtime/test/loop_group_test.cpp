#include "runtime/loop_group.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace streamhost::runtime {
namespace {

constexpr std::uint64_t kLongMs = 10'000;

LoopGroupOptions loops(std::size_t count, StorePlacement store = StorePlacement::automatic) {
    LoopGroupOptions options;
    options.loops = count;
    options.store = store;
    return options;
}

TEST(LoopGroup, OneLoopIsTheStoreLoopToo) {
    const SystemClock clock;
    const LoopGroup group(clock, loops(1));
    EXPECT_EQ(&group.store_loop(), &group.loop(0));
    EXPECT_EQ(group.all_size(), 1U);
    EXPECT_TRUE(group.loop(0).options().roles.intersects(Role::store));
    EXPECT_TRUE(group.loop(0).options().roles.intersects(Role::loop));
}

TEST(LoopGroup, MoreLoopsHaveAStoreLoopBesideThem) {
    const SystemClock clock;
    const LoopGroup group(clock, loops(2));
    EXPECT_EQ(group.size(), 2U);
    EXPECT_EQ(group.all_size(), 3U);
    EXPECT_EQ(group.store_loop().options().roles, Roles(Role::store));
    EXPECT_FALSE(group.loop(0).options().roles.intersects(Role::store));
}

TEST(LoopGroup, ThePlacementOfTheStoreCanBeForced) {
    const SystemClock clock;
    const LoopGroup beside(clock, loops(1, StorePlacement::own_thread));
    EXPECT_EQ(beside.all_size(), 2U);
    const LoopGroup shared(clock, loops(3, StorePlacement::first_loop));
    EXPECT_EQ(&shared.store_loop(), &shared.loop(0));
    EXPECT_EQ(shared.all_size(), 3U);
}

TEST(LoopGroup, EveryLoopHasAThreadOfItsOwn) {
    const SystemClock clock;
    LoopGroup group(clock, loops(3));
    group.start();
    std::latch reached(3);
    std::mutex mutex;
    std::set<std::uint16_t> indices;
    const auto post = [&](Loop& loop) {
        return loop.post([&] {
            {
                const std::lock_guard lock(mutex);
                if (loop.in_loop()) indices.insert(thread_role().loop_index);
            }
            reached.count_down();
        });
    };
    for (std::size_t index = 0; index < group.size(); ++index)
        ASSERT_EQ(post(group.loop(index)), PostStatus::accepted);
    reached.wait();
    EXPECT_EQ(indices, (std::set<std::uint16_t>{0, 1, 2}));
    const auto report = group.stop(kLongMs);
    EXPECT_TRUE(report.stuck.empty());
    EXPECT_EQ(report.tasks_dropped, 0U);
    EXPECT_NE(post(group.loop(0)), PostStatus::accepted) << "it has ended";
}

TEST(LoopGroup, AStopNamesTheLoopThatHangs) {
    const SystemClock clock;
    LoopGroup group(clock, loops(2));
    group.start();
    std::promise<void> entered;
    std::promise<void> go;
    auto gone = go.get_future();
    ASSERT_EQ(group.loop(1).post([&] {
        entered.set_value();
        gone.wait();
    }),
              PostStatus::accepted);
    entered.get_future().wait();
    EXPECT_EQ(group.stop(0).stuck, std::vector<std::string>{"loop-1"});
    EXPECT_GT(group.loop(1).meter().stuck_ns(clock.monotonic_ns()), 0U);
    go.set_value();
    EXPECT_TRUE(group.stop(kLongMs).stuck.empty());
}

TEST(LoopGroup, NeverStartedStopsAtOnce) {
    const SystemClock clock;
    LoopGroup group(clock, loops(2));
    EXPECT_TRUE(group.stop(0).stuck.empty());
}

/// Loops that post to each other while a stop comes: everything accepted runs.
TEST(LoopGroup, StopWhileLoopsPostToEachOtherLosesNothing) {
    const SystemClock clock;
    for (int attempt = 0; attempt < 10; ++attempt) {
        std::atomic<int> accepted{0};
        std::atomic<int> ran{0};
        {
            LoopGroup group(clock, loops(3));
            std::function<void(std::size_t)> hop = [&](std::size_t at) {
                ran.fetch_add(1, std::memory_order_relaxed);
                const std::size_t next = (at + 1) % group.all_size();
                if (group.any_loop(next).post([&hop, next] { hop(next); }) == PostStatus::accepted) {
                    accepted.fetch_add(1, std::memory_order_relaxed);
                }
            };
            group.start();
            for (std::size_t at = 0; at < group.all_size(); ++at) {
                if (group.any_loop(at).post([&hop, at] { hop(at); }) == PostStatus::accepted) {
                    accepted.fetch_add(1, std::memory_order_relaxed);
                }
            }
            while (ran.load(std::memory_order_relaxed) < 500)
                std::this_thread::yield();
            const auto report = group.stop(kLongMs);
            ASSERT_TRUE(report.stuck.empty());
            ASSERT_EQ(report.tasks_dropped, 0U);
        }
        EXPECT_EQ(ran.load(), accepted.load());
    }
}

}  // namespace
}  // namespace streamhost::runtime
