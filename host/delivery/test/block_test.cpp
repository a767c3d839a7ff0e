#include "delivery/block.hpp"

#include <string>

#include <gtest/gtest.h>

#include "delivery/encoder.hpp"
#include "delivery/framing.hpp"

namespace streamhost::delivery {
namespace {

void append(FrameChain& chain, std::uint64_t seq, const std::string& payload) {
    const Piece piece{payload.data(), payload.size()};
    chain.append({}, &piece, 1, payload.size(), {seq, seq * 1000});
}

std::string bytes_of(const Block& block) {
    return {reinterpret_cast<const char*>(block.data()), block.data_end()};
}

TEST(BlockTest, FramesGrowUpAndMarksGrowDownUntilTheyMeet) {
    const BlockRef block = Block::create(512, {10, 77});
    std::uint64_t seq = 10;
    std::string expected;
    while (block->fits(20, seq + 1)) {
        ++seq;
        std::string frame(20, static_cast<char>('a' + seq % 26));
        frame.copy(reinterpret_cast<char*>(block->tail()), frame.size());
        block->commit(frame.size(), {seq, seq * 3});
        expected += frame;
    }
    EXPECT_EQ(block->mark_count(), (512U - sizeof(Block)) / (20 + 16));
    EXPECT_EQ(bytes_of(*block.get()), expected);
    EXPECT_EQ(block->position_after(0), (Position{10, 77}));
    for (std::uint32_t mark = 1; mark <= block->mark_count(); ++mark) {
        EXPECT_EQ(block->position_after(mark), (Position{10 + mark, (10 + mark) * 3U}));
        EXPECT_EQ(block->offset_after(mark), mark * 20);
    }
}

TEST(BlockTest, SearchesAnswerForEveryOffsetAndSeq) {
    const BlockRef block = Block::create(1024, {100, 0});
    for (std::uint64_t i = 1; i <= 8; ++i)
        block->commit(i * 3, {100 + i * 2, i});
    for (std::uint32_t offset = 0; offset <= block->data_end(); ++offset) {
        const std::uint32_t marks = block->marks_within(offset, 8);
        EXPECT_LE(block->offset_after(marks), offset);
        if (marks < 8) {
            EXPECT_GT(block->offset_after(marks + 1), offset);
        }
    }
    for (std::uint64_t seq = 100; seq <= 118; ++seq)
        EXPECT_EQ(block->marks_up_to(seq, 8), std::min<std::uint64_t>((seq - 100) / 2, 8));
    EXPECT_EQ(block->marks_within(1000, 3), 3U) << "marks beyond the published count are not looked at";
}

TEST(BlockTest, RefusesASeqThatItsMarksCannotHold) {
    const BlockRef block = Block::create(512, {5, 0});
    EXPECT_TRUE(block->fits(1, 5 + 0xFFFFFFFFULL));
    EXPECT_FALSE(block->fits(1, 6 + 0xFFFFFFFFULL));
}

TEST(BlockTest, TotalForHoldsExactlyOneFrame) {
    for (std::size_t bytes = 1; bytes < 200; ++bytes) {
        const BlockRef block = Block::create(Block::total_for(bytes), {});
        EXPECT_TRUE(block->fits(bytes, 1));
        EXPECT_FALSE(block->fits(bytes + 16, 1));
    }
}

TEST(BlockTest, IsFreedWithItsLastReference) {
    const std::size_t before = Block::allocated_bytes();
    BlockRef first = Block::create(512, {});
    EXPECT_TRUE(first.unique());
    {
        const BlockRef second = first;
        EXPECT_FALSE(first.unique());
        first = {};
        EXPECT_EQ(Block::allocated_bytes(), before + 512);
        EXPECT_TRUE(second.unique());
    }
    EXPECT_EQ(Block::allocated_bytes(), before);
}

TEST(BlockListTest, DropsTheOldestAndKeepsIndices) {
    BlockList list(7);
    for (int i = 0; i != 10; ++i)
        list.push_back(Block::create(512, {static_cast<std::uint64_t>(i), 0}));
    for (std::uint32_t base = 7; base != 17; ++base) {
        list.drop_before(base);
        EXPECT_EQ(list.base(), base);
        EXPECT_EQ(list.end(), 17U);
        EXPECT_EQ(list.at(16)->before().seq, 9U);
        EXPECT_EQ(list.front()->before().seq, base - 7);
        EXPECT_FALSE(list.holds(base - 1));
    }
    list.drop_before(20);
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.base(), 20U);
    EXPECT_EQ(list.end(), 20U);
}

TEST(FrameChainTest, BlocksDoubleUpToTheLargest) {
    FrameChain chain({0, 0});
    for (std::uint64_t seq = 1; seq <= 4000; ++seq)
        append(chain, seq, std::string(50, 'x'));
    const BlockList& blocks = chain.blocks();
    std::size_t expected = kFirstBlockBytes;
    std::size_t sum = 0;
    for (std::uint32_t i = blocks.base(); i != blocks.end(); ++i) {
        EXPECT_EQ(blocks.at(i)->total_bytes(), expected);
        sum += expected;
        expected = std::min(expected * 2, kLargestBlockBytes);
    }
    EXPECT_EQ(chain.bytes(), sum);
    EXPECT_EQ(expected, kLargestBlockBytes);
    EXPECT_EQ(chain.last(), (Position{4000, 4000'000}));
}

TEST(FrameChainTest, ALargeFrameGetsABlockOfItsOwn) {
    FrameChain chain({0, 0});
    append(chain, 1, "small");
    append(chain, 2, std::string(100'000, 'L'));
    append(chain, 3, "after");
    ASSERT_EQ(chain.blocks().end(), 3U);
    EXPECT_EQ(bytes_of(*chain.blocks().at(1).get()), std::string(100'000, 'L'));
    EXPECT_EQ(chain.blocks().at(1)->mark_count(), 1U);
    EXPECT_EQ(bytes_of(*chain.blocks().at(2).get()), "after");
    EXPECT_EQ(chain.blocks().at(2)->before(), (Position{2, 2000}));
}

TEST(FrameChainTest, RollbackLeavesNoTrace) {
    for (const int kept : {0, 1, 7, 40}) {
        FrameChain chain({0, 0});
        for (int seq = 1; seq <= kept; ++seq)
            append(chain, static_cast<std::uint64_t>(seq), "kept frame of some length");
        const BlockPos end = chain.end();
        const Position last = chain.last();
        const std::size_t bytes = chain.bytes();
        for (int seq = kept + 1; seq <= kept + 100; ++seq)
            append(chain, static_cast<std::uint64_t>(seq), "taken back");
        chain.rollback(end, last);
        EXPECT_EQ(chain.end(), end);
        EXPECT_EQ(chain.last(), last);
        EXPECT_EQ(chain.bytes(), bytes);
    }
}

TEST(FrameChainTest, StartsSmallAgainWhenEverythingWasDropped) {
    FrameChain chain({0, 0});
    for (std::uint64_t seq = 1; seq <= 500; ++seq)
        append(chain, seq, std::string(100, 'x'));
    const std::uint32_t end = chain.blocks().end();
    chain.drop_before(end);
    EXPECT_EQ(chain.bytes(), 0U);
    EXPECT_EQ(chain.end(), (BlockPos{end, 0, 0}));
    EXPECT_EQ(chain.first(), (Position{500, 500'000}));
    append(chain, 501, "next");
    EXPECT_EQ(chain.bytes(), kFirstBlockBytes);
    EXPECT_EQ(chain.blocks().base(), end);
}

TEST(FrameWriterTest, SplicesPiecesBehindTheHeader) {
    FrameChain chain({0, 0});
    FrameWriter writer(chain, websocket_text);
    const std::string payload(300, 'p');
    const Piece pieces[] = {{"<", 1}, {nullptr, 0}, {payload.data(), payload.size()}, {">", 1}};
    writer.frame(1, 9, pieces, 4);
    EXPECT_TRUE(writer.good());
    EXPECT_EQ(writer.frames(), 1U);
    EXPECT_EQ(writer.bytes(), 4U + 302U);
    EXPECT_EQ(bytes_of(*chain.blocks().front().get()),
              std::string("\x81\x7e\x01\x2e", 4) + "<" + payload + ">");
}

TEST(FrameWriterTest, RefusesWhatWouldBreakAReader) {
    const Piece piece{"x", 1};
    const Piece nothing{"", 0};
    for (int fault = 0; fault != 4; ++fault) {
        FrameChain chain({5, 0});
        FrameWriter writer(chain, websocket_text);
        writer.frame(6, 1, &piece, 1);
        ASSERT_TRUE(writer.good());
        if (fault == 0) writer.frame(7, 1, &nothing, 1);
        if (fault == 1) writer.frame(7, 1, &piece, 0);
        if (fault == 2) writer.frame(6, 1, &piece, 1);
        if (fault == 3) writer.frame(5, 1, &piece, 1);
        EXPECT_FALSE(writer.good()) << fault;
        writer.frame(8, 1, &piece, 1);
        EXPECT_EQ(writer.frames(), 1U) << "a spoilt writer writes nothing more";
    }
}

struct FramingCase {
    Framing framing;
    std::size_t payload;
    std::string head;
    std::string tail;
};

TEST(FramingTest, HeadersAtTheirLimits) {
    const std::vector<FramingCase> cases{
        {websocket_text, 1, std::string("\x81\x01", 2), ""},
        {websocket_text, 125, std::string("\x81\x7d", 2), ""},
        {websocket_text, 126, std::string("\x81\x7e\x00\x7e", 4), ""},
        {websocket_text, 65535, std::string("\x81\x7e\xff\xff", 4), ""},
        {websocket_text, 65536, std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10), ""},
        {websocket_binary, 5, std::string("\x82\x05", 2), ""},
        {http_chunk, 1, "1\r\n", "\r\n"},
        {http_chunk, 0xABCDEF, "abcdef\r\n", "\r\n"},
    };
    for (const FramingCase& expected : cases) {
        const Envelope envelope = expected.framing(expected.payload);
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(envelope.head.data()), envelope.head_size),
                  expected.head);
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(envelope.tail.data()), envelope.tail_size),
                  expected.tail);
    }
}

}  // namespace
}  // namespace streamhost::delivery
