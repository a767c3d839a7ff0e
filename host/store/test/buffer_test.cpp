#include "store/buffer.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace streamhost::store {
namespace {

TEST(Buffer, CopiesItsBytesAndOutlivesTheSource) {
    std::string text = "hello";
    const Buffer buffer = Buffer::copy_of(text);
    text = "other";
    EXPECT_EQ(buffer.view(), "hello");
    EXPECT_TRUE(Buffer::copy_of("").empty());
    EXPECT_TRUE(Buffer().empty());
}

TEST(Buffer, SharesInsteadOfCopying) {
    Buffer part;
    const char* bytes = nullptr;
    {
        const Buffer whole = Buffer::copy_of("hello world");
        bytes = whole.data();
        part = whole.slice(6, 5);
    }
    EXPECT_EQ(part.view(), "world");
    EXPECT_EQ(part.data(), bytes + 6);
}

TEST(Buffer, ReleasesAForeignOwnerOnceAfterTheLastShare) {
    int released = 0;
    const auto release = [](void* count) { ++*static_cast<int*>(count); };
    const std::string text = "owned elsewhere";
    Buffer first = Buffer::wrap(text, release, &released);
    Buffer second = first.slice(0, 5);
    const Buffer moved = std::move(first);
    second = second;  // NOLINT(clang-diagnostic-self-assign-overloaded): must not drop the owner
    first = Buffer();
    EXPECT_EQ(released, 0);
    second = Buffer();
    EXPECT_EQ(released, 0);
    { const Buffer last = std::move(const_cast<Buffer&>(moved)); }
    EXPECT_EQ(released, 1);
}

TEST(Buffer, CompactDropsAnOwnerThatIsMuchLarger) {
    const Buffer whole = Buffer::copy_of(std::string(1000, 'x'));
    const Buffer small = whole.slice(10, 10);
    EXPECT_NE(small.compact().data(), small.data());
    EXPECT_EQ(small.compact().view(), small.view());
    const Buffer large = whole.slice(10, 900);
    EXPECT_EQ(large.compact().data(), large.data());
}

TEST(Buffer, CountsSharesAcrossThreads) {
    int released = 0;
    {
        const Buffer shared = Buffer::wrap(
            "bytes", [](void* count) { ++*static_cast<int*>(count); }, &released);
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([shared] {
                for (int n = 0; n < 10'000; ++n) {
                    const Buffer copy = shared;
                    ASSERT_EQ(copy.view(), "bytes");
                }
            });
        for (std::thread& thread : threads)
            thread.join();
        EXPECT_EQ(released, 0);
    }
    EXPECT_EQ(released, 1);
}

}  // namespace
}  // namespace streamhost::store
