#include "delivery/reader.hpp"

#include "delivery/test/reader_fixture.hpp"

namespace streamhost::delivery::test {
namespace {

TEST_F(ReaderTest, EveryByteOffsetOfAPartialWriteContinuesTheFrame) {
    join(1, "s");
    deliver("s", 0, 6);
    world.pump();
    std::string whole;
    std::size_t total = 0;
    {
        FrameDecoder ignored;
        total = write_some(*reader, ignored, SIZE_MAX);
        whole = summary(ignored);
    }
    for (std::size_t cut = 0; cut <= total; ++cut) {
        World other;
        Reader& partial = other.open();
        ASSERT_EQ(other.attach(partial, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
        ASSERT_EQ(other.deliver("s", story, 0, 6), DeliverStatus::kOk);
        other.pump();
        FrameDecoder received;
        EXPECT_EQ(write_some(partial, received, cut), cut);
        const bool between = received.between_frames();
        const std::size_t before = received.take().size();
        ASSERT_EQ(send_text(partial, "direct"), SendStatus::kOk);
        write_all(partial, received);
        std::string expected;
        std::vector<std::string> frames{"c1", "c2", "c3", "c4", "c5", "c6"};
        // A direct frame goes in at the next boundary: behind the frame that was cut.
        frames.insert(frames.begin() + static_cast<long>(before) + (between ? 0 : 1), "direct");
        frames.erase(frames.begin(), frames.begin() + static_cast<long>(before));
        for (const std::string& frame : frames)
            expected += (expected.empty() ? "" : " ") + frame;
        EXPECT_EQ(summary(received), expected) << "cut at " << cut;
        EXPECT_EQ(other.loops[0]->stats().frames, 7U);
        EXPECT_EQ(other.loops[0]->stats().bytes, total + 8);
    }
}

TEST_F(ReaderTest, OneByteAtATime) {
    join(1, "s");
    join(2, "t");
    deliver("s", 0, 10);
    deliver("t", 0, 10);
    ASSERT_EQ(send_text(*reader, "hello"), SendStatus::kOk);
    while (!reader->empty())
        ASSERT_EQ(write_some(*reader, sink, 1), 1U);
    EXPECT_EQ(sink.take().size(), 21U);
    EXPECT_EQ(world.loops[0]->stats().frames, 21U);
}

TEST_F(ReaderTest, ContiguousFramesGoIntoOneIovec) {
    join(1, "s");
    deliver("s", 0, 5);
    iovec iov[8];
    EXPECT_EQ(reader->gather(iov, 8, 65536), 1U);
    reader->consumed(0);
    EXPECT_EQ(write_some(*reader, sink, 10), 10U);
    EXPECT_EQ(reader->gather(iov, 8, 65536), 1U)
        << "the rest of a frame and what follows it lie side by side";
    reader->consumed(0);
    EXPECT_EQ(drain(), "c1 c2 c3 c4 c5");
}

TEST_F(ReaderTest, LimitsOfIovecsAndBytesAreKept) {
    join(1, "s");
    deliver("s", 0, 600);
    std::vector<iovec> iov(100);
    for (std::size_t max_iov = 1; max_iov <= 4; ++max_iov) {
        EXPECT_EQ(reader->gather(iov.data(), max_iov, SIZE_MAX), max_iov);
        reader->consumed(0);
    }
    for (const std::size_t budget : {1U, 10U, 100U, 1000U, 10'000U}) {
        const std::size_t count = reader->gather(iov.data(), iov.size(), budget);
        std::size_t bytes = 0;
        for (std::size_t i = 0; i != count; ++i)
            bytes += iov[i].iov_len;
        EXPECT_LE(bytes, budget);
        EXPECT_GT(bytes, budget / 2);
        reader->consumed(0);
    }
    std::string expected;
    for (int seq = 1; seq <= 600; ++seq)
        expected += (seq == 1 ? "c" : " c") + std::to_string(seq);
    EXPECT_EQ(drain(), expected);
}

TEST_F(ReaderTest, DirectFramesGoFirst) {
    join(1, "s");
    deliver("s", 0, 2);
    ASSERT_EQ(send_text(*reader, "one"), SendStatus::kOk);
    ASSERT_EQ(send_text(*reader, "two"), SendStatus::kOk);
    EXPECT_EQ(drain(), "one two c1 c2");
}

TEST_F(ReaderTest, CursorsTakeTurns) {
    for (SubscriptionId id = 0; id != 4; ++id) {
        const std::string stream = "s" + std::to_string(id);
        join(id, stream);
        deliver(stream, 0, 800);
    }
    std::vector<std::size_t> got(4);
    for (int round = 0; round != 8; ++round) {
        write_some(*reader, sink, SIZE_MAX, 64, 16 * 1024);
        for (const std::string& payload : sink.take())
            got[static_cast<std::size_t>(parse(payload).stream[1] - '0')] += payload.size();
        for (const std::size_t bytes : got)
            EXPECT_NEAR(static_cast<double>(bytes), static_cast<double>(got[0]), 100.0) << "round " << round;
    }
}

TEST_F(ReaderTest, ASmallSocketStarvesNoCursor) {
    for (SubscriptionId id = 0; id != 5; ++id) {
        const std::string stream = "s" + std::to_string(id);
        join(id, stream);
        deliver(stream, 0, 100);
    }
    std::vector<std::size_t> got(5);
    for (int round = 0; round != 50; ++round)
        write_some(*reader, sink, 300);
    for (const std::string& payload : sink.take())
        ++got[static_cast<std::size_t>(parse(payload).stream[1] - '0')];
    EXPECT_LE(*std::max_element(got.begin(), got.end()) - *std::min_element(got.begin(), got.end()), 10U);
    EXPECT_GT(got[0], 20U);
}

TEST_F(ReaderTest, TheDirectQueueIsBoundedByFramesAndBytes) {
    for (int i = 0; i != 64; ++i)
        ASSERT_EQ(send_text(*reader, "small"), SendStatus::kOk);
    EXPECT_EQ(send_text(*reader, "one too many"), SendStatus::kOverflow);
    EXPECT_EQ(world.loops[0]->stats().overflow, 1U);
    write_some(*reader, sink, 7);
    EXPECT_EQ(send_text(*reader, "fits again"), SendStatus::kOk);
    write_all(*reader, sink);
    EXPECT_EQ(sink.take().size(), 65U);

    const std::string large(300 * 1024, 'L');
    EXPECT_EQ(send_text(*reader, large), SendStatus::kOk) << "one message may be larger";
    EXPECT_EQ(send_text(*reader, std::string(200 * 1024, 'a')), SendStatus::kOk)
        << "the limit is for what waits beside it";
    EXPECT_EQ(send_text(*reader, std::string(100 * 1024, 'b')), SendStatus::kOverflow);
    write_all(*reader, sink);
    EXPECT_EQ(sink.take().size(), 2U);
    for (int i = 0; i != 3; ++i)
        EXPECT_EQ(send_text(*reader, std::string(100 * 1024, 'c')), SendStatus::kOk);
    EXPECT_EQ(send_text(*reader, std::string(100 * 1024, 'd')), SendStatus::kOverflow)
        << "the largest counted once";
}

}  // namespace
}  // namespace streamhost::delivery::test
