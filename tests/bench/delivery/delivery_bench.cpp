// What delivery costs without sockets: per frame written, per reader served, per idle log and reader kept.
// Figures are for comparing two versions on one quiet machine; a socket write costs microseconds on top.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "delivery/log_set.hpp"
#include "delivery/loop_delivery.hpp"

namespace {

using namespace streamhost::delivery;
namespace delivery = streamhost::delivery;

/// Splices like a protocol plugin does: envelope, seq and check, the escaped entry, the closing brace.
class ChunkEncoder final : public Encoder {
public:
    bool encode(std::string_view stream, std::span<const RecordView> records,
                FrameWriter& out) noexcept override {
        static constexpr std::string_view kHead = R"({"type":"chunk","stream":")";
        static constexpr std::string_view kPosition = R"(","seq":1234,"check":"0123456789abcdef","data":)";
        for (const RecordView& record : records) {
            const std::array<Piece, 5> pieces{Piece{kHead.data(), kHead.size()},
                                              Piece{stream.data(), stream.size()},
                                              Piece{kPosition.data(), kPosition.size()},
                                              Piece{record.data.data(), record.data.size()}, Piece{"}", 1}};
            out.frame(record.seq, record.check, pieces.data(), pieces.size());
        }
        return true;
    }
    bool snapshot(std::string_view, std::span<const RecordView>, Position, FrameWriter&) noexcept override {
        return false;
    }
};

class Node final : public LoopPort, public StorePort, public FollowerEvents {
public:
    explicit Node(std::uint32_t readers = 0) {
        encoding = set.add_encoding(encoder, websocket_text);
        for (std::uint32_t i = 0; i != readers; ++i)
            attach(loop.open({}, nullptr), "run", {});
        round();
    }

    void post(std::uint32_t, std::unique_ptr<LoopMessage> message) override {
        loop.apply(std::move(message));
    }
    void post(std::unique_ptr<LoopReport> report) override { set.take(std::move(report)); }
    void fell_off(const FollowerEvents::Reader&, std::string_view, EncodingId, FallReason) override {
        ++fell_off_count;
    }
    void completed(const FollowerEvents::Reader&) override {}
    void wants_more(const FollowerEvents::Reader&) override {}
    void unused(std::string_view) override {}

    void attach(delivery::Reader& reader, std::string_view stream, Position at) {
        benchmark::DoNotOptimize(set.attach(reader.ref(), 1, stream, encoding, Plan(at).join(at)));
    }
    void round() {
        set.flush();
        loop.finish_round();
    }
    void deliver(std::size_t count) {
        records_.resize(count);
        for (RecordView& record : records_) {
            ++seq;
            record = {.seq = seq,
                      .prev = seq - 1,
                      .check = seq,
                      .type = 't',
                      .ts_ms = 0,
                      .data = data,
                      .joined_from = 0,
                      .end = false};
        }
        records_.front().prev = seq - count;
        benchmark::DoNotOptimize(set.deliver("run", records_));
    }
    std::size_t serve() {
        std::size_t bytes = 0;
        std::array<iovec, 16> iov;
        for (std::size_t left = loop.dirty_count(); left != 0; --left) {
            delivery::Reader* const reader = loop.next_dirty();
            while (const std::size_t count = reader->gather(iov.data(), iov.size(), 256 * 1024)) {
                std::size_t offered = 0;
                for (std::size_t i = 0; i != count; ++i)
                    offered += iov[i].iov_len;
                reader->consumed(offered);
                bytes += offered;
            }
        }
        return bytes;
    }

    ChunkEncoder encoder;
    LogSet set{{}, *this, *this};
    LoopDelivery loop{{}, *this};
    EncodingId encoding = 0;
    std::uint64_t seq = 0;
    std::uint64_t fell_off_count = 0;
    std::string data = std::string(100, 'x');

private:
    std::vector<RecordView> records_;
};

/// One record stream, one reader that never reads: what a frame costs to encode, append and announce.
void deliver_frames(benchmark::State& state) {
    Node node(1);
    const auto batch = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        node.deliver(batch);
        node.round();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(batch) * state.iterations());
}
BENCHMARK(deliver_frames)->Arg(1)->Arg(8)->Arg(40);

/// gather() and consumed() for each of 1,000 readers with so many frames due; nothing is sent. Items are
/// readers.
void gather_frames(benchmark::State& state) {
    constexpr std::uint32_t kReaders = 1000;
    Node node(kReaders);
    for (auto _ : state) {
        node.deliver(static_cast<std::size_t>(state.range(0)));
        node.round();
        const auto start = std::chrono::steady_clock::now();
        benchmark::DoNotOptimize(node.serve());
        state.SetIterationTime(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    state.SetItemsProcessed(kReaders * state.iterations());
}
BENCHMARK(gather_frames)->Arg(1)->Arg(10)->Arg(40)->UseManualTime();

/// One frame to N readers: encode, announce, wake, gather and account for each. Items are reader-frames.
void fan_out(benchmark::State& state) {
    Node node(static_cast<std::uint32_t>(state.range(0)));
    for (auto _ : state) {
        node.deliver(1);
        node.round();
        benchmark::DoNotOptimize(node.serve());
    }
    state.SetItemsProcessed(state.range(0) * state.iterations());
}
BENCHMARK(fan_out)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

/// Frames that were made before: each record is one.
class ReadyFrames final : public Encoder {
public:
    bool encode(std::string_view, std::span<const RecordView> records, FrameWriter& out) noexcept override {
        for (const RecordView& record : records) {
            const Piece piece{record.data.data(), record.data.size()};
            out.frame(record.seq, record.check, &piece, 1);
        }
        return true;
    }
    bool snapshot(std::string_view, std::span<const RecordView>, Position, FrameWriter&) noexcept override {
        return false;
    }
};

std::string hex(std::uint64_t number) {
    std::string digits(16, '0');
    for (char& digit : digits) {
        digit = "0123456789abcdef"[number >> 60U];
        number <<= 4U;
    }
    return digits;
}

/// Chunks of an answer: checks that no compressor makes smaller than half, and a few words for each.
std::vector<std::string> answer_frames(std::size_t count) {
    static constexpr std::string_view kWords[] = {
        "the",    "stream", "of",   "an",    "answer", "is",    "a",      "log",   "that",   "any",
        "client", "may",    "read", "again", "from",   "where", "it",     "stood", "before", "node",
        "went",   "away",   "and",  "every", "entry",  "has",   "number", "check", "which",  "proves"};
    std::minstd_rand random(4711);
    std::vector<std::string> entries(count);
    std::mt19937_64 checks(17);
    for (std::size_t seq = 1; std::string & entry : entries) {
        entry = R"({"type":"chunk","stream":"4f1c.k2m9x0q7w3e5r8t1","seq":)" + std::to_string(seq++) +
                R"(,"check":")" + hex(checks()) + R"(","data":{"kind":"text","delta":")";
        for (int word = 0; word < 7; ++word)
            entry.append(kWords[random() % std::size(kWords)]).append(1, ' ');
        entry += R"("}})";
    }
    return entries;
}

/// 1,000 entries of the past for one reader, from the store's records to bytes for its socket: plain, each
/// message by itself, and in runs. `wire` is bytes on the wire.
void replay(benchmark::State& state, streamhost::net::WsCompression compression) {
    constexpr std::size_t kEntries = 1000;
    Node node;
    ReadyFrames ready;
    node.encoding = node.set.add_encoding(ready, websocket_text);
    const std::vector<std::string> entries = answer_frames(kEntries);
    std::vector<RecordView> records;
    std::uint64_t check = 0;
    for (const std::string& entry : entries) {
        const std::uint64_t next = check * 6364136223846793005U + 1442695040888963407U;
        records.push_back(
            {.seq = records.size() + 1, .prev = check, .check = next, .type = 't', .data = entry});
        check = next;
    }
    std::size_t wire = 0;
    for (auto _ : state) {
        delivery::Reader& reader = node.loop.open({}, nullptr);
        reader.compress(compression);
        benchmark::DoNotOptimize(
            node.set.attach(reader.ref(), 1, "run", node.encoding, Plan({}).records(records).end()));
        for (node.round(), wire = 0; !reader.empty(); node.round())
            wire += node.serve();
        node.loop.close(reader);
    }
    state.counters["wire"] = static_cast<double>(wire);
    state.SetItemsProcessed(kEntries * state.iterations());
}
BENCHMARK_CAPTURE(replay, plain, streamhost::net::WsCompression::kNone)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(replay, each, streamhost::net::WsCompression::kEach)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(replay, runs, streamhost::net::WsCompression::kRuns)->Unit(benchmark::kMicrosecond);

std::size_t heap_bytes() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// Heap per idle log with one reader (both sides of it, cursor included), and per further reader with its
/// cursor.
void idle_memory(benchmark::State& state) {
    constexpr std::size_t kCount = 100'000;
    for (auto _ : state) {
        Node node;
        std::vector<delivery::Reader*> readers(2 * kCount);
        const std::size_t start = heap_bytes();
        for (delivery::Reader*& reader : readers)
            reader = &node.loop.open({}, nullptr);
        const std::size_t with_readers = heap_bytes();
        for (std::size_t i = 0; i != kCount; ++i) {
            node.attach(*readers[i], "session-0123456789abcdef." + std::to_string(100'000 + i), {});
            if (i % 1000 == 0) node.round();
        }
        node.round();
        const std::size_t with_logs = heap_bytes();
        for (std::size_t i = 0; i != kCount; ++i) {
            node.attach(*readers[kCount + i], "session-0123456789abcdef." + std::to_string(100'000 + i), {});
            if (i % 1000 == 0) node.round();
        }
        node.round();
        const std::size_t with_cursors = heap_bytes();
        const auto per = [](std::size_t from, std::size_t to, std::size_t count) {
            return static_cast<double>(to - from) / static_cast<double>(count);
        };
        state.counters["reader_bytes"] = per(start, with_readers, 2 * kCount);
        state.counters["log_and_cursor_bytes"] = per(with_readers, with_logs, kCount);
        state.counters["cursor_bytes"] = per(with_logs, with_cursors, kCount);
    }
}
BENCHMARK(idle_memory)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
