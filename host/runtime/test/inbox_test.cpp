#include "runtime/inbox.hpp"

#include <memory>
#include <thread>

#include <gtest/gtest.h>
#include <poll.h>

namespace streamhost::runtime {
namespace {

bool readable(const Inbox& inbox) {
    pollfd poll{inbox.event_fd(), POLLIN, 0};
    return ::poll(&poll, 1, 0) == 1;
}

TEST(Inbox, OneBurstRingsOnce) {
    Inbox inbox(100);
    for (int i = 0; i < 50; ++i)
        ASSERT_EQ(inbox.push([] {}), PostStatus::accepted);
    EXPECT_EQ(inbox.stats().wake_ups, 1U);
    EXPECT_TRUE(readable(inbox));
    inbox.acknowledge();
    EXPECT_FALSE(readable(inbox));
    std::vector<Task> batch;
    EXPECT_EQ(inbox.take(batch), 50U);
    ASSERT_EQ(inbox.push([] {}), PostStatus::accepted);
    EXPECT_TRUE(readable(inbox));
    EXPECT_EQ(inbox.stats().wake_ups, 2U);
}

TEST(Inbox, TheLimitBindsForeignProducersAlone) {
    Inbox inbox(2);
    ASSERT_EQ(inbox.try_push([] {}), PostStatus::accepted);
    ASSERT_EQ(inbox.try_push([] {}), PostStatus::accepted);
    auto kept = std::make_shared<int>(0);
    Task refused([kept] { ++*kept; });
    ASSERT_EQ(inbox.try_push(std::move(refused)), PostStatus::full);
    refused();  // NOLINT(bugprone-use-after-move): a refused task stays the caller's
    EXPECT_EQ(*kept, 1);
    EXPECT_EQ(inbox.push([] {}), PostStatus::accepted);
    EXPECT_EQ(inbox.stats().refused, 1U);
    EXPECT_EQ(inbox.stats().over_limit, 1U);
    EXPECT_EQ(inbox.stats().waiting, 3U);
}

TEST(Inbox, AClosedOneRefuses) {
    Inbox inbox(2);
    ASSERT_EQ(inbox.push([] {}), PostStatus::accepted);
    std::vector<Task> left;
    inbox.close(left);
    EXPECT_EQ(left.size(), 1U);
    EXPECT_EQ(inbox.push([] {}), PostStatus::closed);
    EXPECT_EQ(inbox.try_push([] {}), PostStatus::closed);
}

TEST(Inbox, ManyProducersLoseNothingAndKeepTheirOwnOrder) {
    constexpr int kProducers = 4;
    constexpr int kEach = 5'000;
    Inbox inbox(100);
    std::vector<int> last(kProducers, -1);  // touched by the consumer alone
    int total = 0;
    std::vector<std::thread> producers;
    producers.reserve(kProducers);
    for (int producer = 0; producer < kProducers; ++producer) {
        producers.emplace_back([&, producer] {
            for (int i = 0; i < kEach; ++i) {
                auto status = inbox.push([&, producer, i] {
                    total += last[static_cast<std::size_t>(producer)] == i - 1 ? 1 : 0;
                    last[static_cast<std::size_t>(producer)] = i;
                });
                ASSERT_EQ(status, PostStatus::accepted);
            }
        });
    }
    std::vector<Task> batch;
    int seen = 0;
    while (seen < kProducers * kEach) {
        pollfd poll{inbox.event_fd(), POLLIN, 0};
        ASSERT_EQ(::poll(&poll, 1, 10'000), 1) << "a wake-up was lost after " << seen;
        inbox.acknowledge();
        inbox.take(batch);
        for (Task& task : batch)
            task();
        seen += static_cast<int>(batch.size());
        batch.clear();
    }
    for (auto& producer : producers)
        producer.join();
    EXPECT_EQ(total, kProducers * kEach);
}

}  // namespace
}  // namespace streamhost::runtime
