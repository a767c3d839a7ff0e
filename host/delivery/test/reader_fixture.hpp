#pragma once

#include <string>

#include "delivery/reader.hpp"
#include "delivery/test/harness.hpp"

namespace streamhost::delivery::test {

/// One loop, one reader, and what its client got.
struct ReaderTest : testing::Test {
    void join(SubscriptionId subscription, const std::string& stream, Position at = {}) {
        ASSERT_EQ(world.attach(*reader, subscription, stream, Plan(at).join(at)).status, AttachStatus::kOk);
    }
    void deliver(const std::string& stream, std::uint64_t after, std::uint64_t to) {
        ASSERT_EQ(world.deliver(stream, story, after, to), DeliverStatus::kOk);
        world.pump();
    }
    std::string drain() {
        write_all(*reader, sink);
        EXPECT_TRUE(sink.between_frames());
        return summary(sink);
    }

    World world{{.log_bytes = 64 * 1024}};
    Reader* reader = &world.open();
    FrameDecoder sink;
    Story story = Story().add_many(3000, 20);
};

}  // namespace streamhost::delivery::test
