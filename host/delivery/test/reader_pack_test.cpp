// Compressed replays, read by a client on the codec's other role and plain zlib.
#include <random>

#include <zlib.h>

#include "delivery/test/reader_fixture.hpp"
#include "net/ws_codec.hpp"

namespace streamhost::delivery::test {
namespace {

using net::WsCompression;

/// Keeps its window from message to message unless it asked for messages that stand alone.
class Client {
public:
    explicit Client(WsCompression agreed) : is_each_(agreed == WsCompression::kEach) {
        EXPECT_EQ(inflateInit2(&stream_, -15), Z_OK);
    }
    ~Client() { inflateEnd(&stream_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void feed(const iovec& part, std::size_t size) {
        std::vector<std::uint8_t> bytes(static_cast<const std::uint8_t*>(part.iov_base),
                                        static_cast<const std::uint8_t*>(part.iov_base) + size);
        std::span<std::uint8_t> input(bytes);
        const net::WsDecoderOptions options{.role = net::WsRole::kClient, .takes_deflated = true};
        wire_bytes += size;
        net::ws_drain(decoder_, input, options, [this](const net::WsEvent& event) {
            EXPECT_EQ(event.kind, net::WsEventKind::kMessage) << net::describe(event.fault);
            const std::string payload(event.payload.begin(), event.payload.end());
            packed += event.deflated ? 1 : 0;
            payloads.push_back(event.deflated ? inflated(payload) : payload);
            is_packed.push_back(event.deflated);
            return true;
        });
    }
    [[nodiscard]] std::string seen() const {
        std::string text;
        for (const std::string& payload : payloads) {
            const Frame frame = parse(payload);
            text += frame.kind == 'x' ? frame.data + ' ' : frame.kind + std::to_string(frame.seq) + ' ';
        }
        return text;
    }
    [[nodiscard]] bool between_frames() const { return decoder_.resting(); }

    std::vector<std::string> payloads;
    std::vector<bool> is_packed;
    std::size_t packed = 0;
    std::size_t wire_bytes = 0;

private:
    std::string inflated(std::string payload) {
        if (is_each_) inflateReset(&stream_);
        payload.append("\0\0\xff\xff", 4);
        stream_.next_in = reinterpret_cast<Bytef*>(payload.data());
        stream_.avail_in = static_cast<uInt>(payload.size());
        std::string out(std::size_t{1} << 20U, '\0');
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        EXPECT_EQ(inflate(&stream_, Z_SYNC_FLUSH), Z_OK);
        EXPECT_EQ(stream_.avail_in, 0U);
        return out.substr(0, out.size() - stream_.avail_out);
    }

    bool is_each_;
    z_stream stream_{};
    net::WsDecoder decoder_;
};

struct ReaderPackTest : ReaderTest {
    /// One gather and what of it the socket took.
    static std::size_t write(Reader& to, Client& client, std::size_t limit) {
        std::array<iovec, 16> iov;
        const std::size_t count = to.gather(iov.data(), iov.size(), 64 * 1024);
        std::size_t written = 0;
        for (std::size_t i = 0; i != count; ++i) {
            const std::size_t part = std::min(limit - written, iov[i].iov_len);
            client.feed(iov[i], part);
            written += part;
        }
        to.consumed(written);
        return written;
    }
    /// Rounds until nothing is left. Returns how many.
    int run(Client& client, std::size_t limit = SIZE_MAX) {
        int rounds = 0;
        for (; !reader->empty(); ++rounds) {
            while (write(*reader, client, limit) != 0) {
            }
            EXPECT_TRUE(reader->empty() || world.loops[0]->next_dirty() == reader) << "due again";
            world.pump();
        }
        EXPECT_TRUE(client.between_frames());
        return rounds;
    }
    void replay(std::uint64_t to, WsCompression agreed) {
        reader->compress(agreed);
        const auto records = story.records(0, to);
        ASSERT_EQ(world.attach(*reader, 1, "s", Plan({}).records(records).join(story.at(to))).status,
                  AttachStatus::kOk);
        world.pump();
    }
    [[nodiscard]] static std::string chunks(std::uint64_t from, std::uint64_t to) {
        std::string text;
        for (; from <= to; ++from)
            text += "c" + std::to_string(from) + " ";
        return text;
    }
};

TEST_F(ReaderPackTest, AReplayIsARunAndLiveFramesAreShared) {
    Client client(WsCompression::kRuns);
    replay(500, WsCompression::kRuns);
    run(client);
    EXPECT_EQ(client.seen(), chunks(1, 500));
    EXPECT_EQ(client.packed, 500U);
    const LoopStats stats = world.loops[0]->stats();
    EXPECT_EQ(stats.packed_bytes, client.wire_bytes);
    EXPECT_LT(stats.packed_bytes * 3, stats.plain_bytes * 2) << "half of a frame here is its check";
    EXPECT_EQ(stats.frames, 500U);

    deliver("s", 500, 700);
    run(client);
    EXPECT_EQ(client.seen(), chunks(1, 700));
    EXPECT_EQ(client.packed, 500U) << "live";
    EXPECT_EQ(world.loops[0]->stats().frames, 700U);
}

TEST_F(ReaderPackTest, WhatTheNodesLogHoldsIsAReplayToo) {
    Reader& other = world.open();
    ASSERT_EQ(world.attach(other, 1, "s", Plan({}).join({})).status, AttachStatus::kOk);
    deliver("s", 0, 600);
    reader->compress(WsCompression::kRuns);
    const Plan plan =
        Plan({}).text("subscribed").log({}, story.at(600)).text("caught_up").join(story.at(600));
    ASSERT_EQ(world.attach(*reader, 1, "s", plan).status, AttachStatus::kOk);
    world.pump();
    Client client(WsCompression::kRuns);
    run(client);
    EXPECT_EQ(client.seen(), "subscribed " + chunks(1, 600) + "caught_up ");
    EXPECT_EQ(client.packed, 602U) << "with what would be too small alone";
}

TEST_F(ReaderPackTest, AShortReplayGoesAsItIs) {
    Client client(WsCompression::kRuns);
    replay(5, WsCompression::kRuns);
    run(client);
    EXPECT_EQ(client.seen(), chunks(1, 5));
    EXPECT_EQ(client.packed, 0U);
}

TEST_F(ReaderPackTest, WithoutContextOnlyLargeMessagesAreCompressedEachByItself) {
    story = Story().add_many(3, 20).add_many(2, 4000).add_many(2, 20).add_many(1, 600).add_many(1, 511);
    Client client(WsCompression::kEach);
    replay(9, WsCompression::kEach);
    run(client);
    EXPECT_EQ(client.seen(), chunks(1, 9));
    EXPECT_EQ(client.is_packed, (std::vector{false, false, false, true, true, false, false, true, true}));
}

TEST_F(ReaderPackTest, ASnapshotIsCompressedUnlessItWouldHoldTheLoopUp) {
    for (const std::size_t entry : {5'000U, 150'000U}) {
        const Story large = Story().add_many(2, entry);
        const std::string stream = "s" + std::to_string(entry);
        reader->compress(WsCompression::kRuns);
        const auto records = large.records(0, 2);
        ASSERT_EQ(world.attach(*reader, entry, stream, Plan({}).snapshot(records, large.at(2)).end()).status,
                  AttachStatus::kOk);
        world.pump();
        Client client(WsCompression::kRuns);
        run(client);
        ASSERT_EQ(client.payloads.size(), 1U);
        EXPECT_EQ(parse(client.payloads[0]).data, large.data(1) + large.data(2));
        EXPECT_EQ(client.packed, entry == 5'000U ? 1U : 0U);
    }
}

TEST_F(ReaderPackTest, ALongReplayTakesAsManyRoundsAsItsBudgetsWant) {
    story = Story().add_many(3000, 100);
    Client client(WsCompression::kRuns);
    replay(3000, WsCompression::kRuns);
    std::uint64_t before = 0;
    int rounds = 0;
    for (; !reader->empty(); ++rounds) {
        while (write(*reader, client, SIZE_MAX) != 0) {
        }
        const std::uint64_t plain = world.loops[0]->stats().plain_bytes;
        EXPECT_LE(plain - before, Packer::kRoundBytes + 200);
        before = plain;
        world.pump();
    }
    EXPECT_GE(rounds, static_cast<int>(before / Packer::kRoundBytes));
    EXPECT_EQ(client.seen(), chunks(1, 3000));
}

TEST_F(ReaderPackTest, ADirectFrameComesBetweenRunsAndNeverIntoOne) {
    Client client(WsCompression::kRuns);
    replay(2000, WsCompression::kRuns);
    EXPECT_EQ(write(*reader, client, 10), 10U);
    ASSERT_EQ(send_text(*reader, "direct"), SendStatus::kOk);
    run(client);
    const std::string seen = client.seen();
    const std::size_t at = seen.find("direct ");
    ASSERT_NE(at, std::string::npos);
    EXPECT_GT(at, 1000U) << "behind what was compressed before it was sent";
    EXPECT_EQ(seen.substr(0, at) + seen.substr(at + 7), chunks(1, 2000));
}

TEST_F(ReaderPackTest, OtherSubscriptionsGoOnBesideAReplay) {
    join(2, "live");
    Client client(WsCompression::kRuns);
    replay(1500, WsCompression::kRuns);
    for (std::uint64_t seq = 0; seq < 100; ++seq) {
        deliver("live", seq, seq + 1);
        write(*reader, client, 700);
    }
    run(client);
    std::uint64_t replayed = 0;
    std::uint64_t live = 0;
    for (const std::string& payload : client.payloads) {
        const Frame frame = parse(payload);
        std::uint64_t& last = frame.stream == "live" ? live : replayed;
        EXPECT_EQ(frame.seq, ++last);
        EXPECT_EQ(frame.data, story.data(frame.seq));
    }
    EXPECT_EQ(replayed, 1500U);
    EXPECT_EQ(live, 100U);
}

TEST_F(ReaderPackTest, AnyCutOfAnyPlanShowsWhatAPlainReaderSees) {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        std::mt19937 random(seed);
        const WsCompression agreed = seed % 2 == 0 ? WsCompression::kRuns : WsCompression::kEach;
        World other;
        Reader& one = other.open();
        one.compress(agreed);
        Story mixed;
        for (int i = 0; i < 300; ++i)
            mixed.add(std::string(random() % (i % 17 == 0 ? 6000 : 90), static_cast<char>('a' + i % 26)));
        const auto records = mixed.records(0, 200);
        ASSERT_EQ(other.attach(one, 1, "s", Plan({}).records(records).join(mixed.at(200))).status,
                  AttachStatus::kOk);
        ASSERT_EQ(other.deliver("s", mixed, 200, 300), DeliverStatus::kOk);
        other.pump();
        Client client(agreed);
        int direct = 0;
        while (!one.empty()) {
            if (random() % 20 == 0) direct += send_text(one, "d") == SendStatus::kOk ? 1 : 0;
            if (write(one, client, random() % 3000) == 0) other.pump();
        }
        std::uint64_t seq = 0;
        for (const std::string& payload : client.payloads) {
            if (payload == "d") {
                --direct;
                continue;
            }
            ASSERT_EQ(parse(payload).seq, ++seq) << seed;
            ASSERT_EQ(parse(payload).data, mixed.data(seq)) << seed;
        }
        EXPECT_EQ(seq, 300U) << seed;
        EXPECT_EQ(direct, 0) << seed;
        EXPECT_GT(client.packed, 0U) << seed;
    }
}

TEST(Packer, AMessageIsCompressedWhereItPays) {
    Packer packer;
    const std::string text(2000, 'h');
    const Piece pieces[] = {{text.data(), 1000}, {text.data(), 1000}};
    EXPECT_FALSE(packer.message(net::WsOpcode::kText, pieces).empty());
    EXPECT_TRUE(packer.message(net::WsOpcode::kText, {pieces, 0}).empty()) << "small";
    const Piece huge{nullptr, Packer::kLargest + 1};
    EXPECT_TRUE(packer.message(net::WsOpcode::kText, {&huge, 1}).empty()) << "not looked at";
    std::mt19937 random(3);
    std::string noise(1000, '\0');
    for (char& byte : noise)
        byte = static_cast<char>(random());
    const Piece whole{noise.data(), noise.size()};
    EXPECT_TRUE(packer.message(net::WsOpcode::kBinary, {&whole, 1}).empty()) << "it would grow";
    for (int i = 0; i < 100 && packer.has_budget(); ++i)
        (void)packer.message(net::WsOpcode::kText, pieces);
    EXPECT_TRUE(packer.message(net::WsOpcode::kText, pieces).empty()) << "the round's budget is spent";
    packer.next_round();
    EXPECT_FALSE(packer.message(net::WsOpcode::kText, pieces).empty());
}

}  // namespace
}  // namespace streamhost::delivery::test
