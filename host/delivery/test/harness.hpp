#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/log_set.hpp"
#include "delivery/loop_delivery.hpp"

namespace streamhost::delivery::test {

/// The truth about one stream: its records and the running check over them.
class Story {
public:
    Story& add(std::string data) {
        std::uint64_t check = checks_.back() ^ 0xCBF29CE484222325U;
        for (const char c : data)
            check = (check ^ static_cast<std::uint8_t>(c)) * 0x100000001B3U;
        checks_.push_back(check | 1U);
        data_.push_back(std::move(data));
        return *this;
    }
    Story& add_many(std::uint64_t count, std::size_t bytes = 10) {
        for (; count != 0; --count)
            add(std::string(bytes, static_cast<char>('a' + head() % 26)));
        return *this;
    }
    Story& finish() {
        add("end");
        ended_ = true;
        return *this;
    }

    [[nodiscard]] std::uint64_t head() const { return checks_.size() - 1; }
    [[nodiscard]] std::uint64_t check(std::uint64_t seq) const { return checks_.at(seq); }
    [[nodiscard]] Position at(std::uint64_t seq) const { return {seq, check(seq)}; }
    [[nodiscard]] const std::string& data(std::uint64_t seq) const { return data_.at(seq - 1); }
    [[nodiscard]] RecordView record(std::uint64_t seq) const {
        RecordView view;
        view.seq = seq;
        view.prev = check(seq - 1);
        view.check = check(seq);
        view.type = 't';
        view.data = data(seq);
        view.end = ended_ && seq == head();
        return view;
    }
    /// Records in (after, to].
    [[nodiscard]] std::vector<RecordView> records(std::uint64_t after, std::uint64_t to) const {
        std::vector<RecordView> views;
        for (std::uint64_t seq = after + 1; seq <= to; ++seq)
            views.push_back(record(seq));
        return views;
    }
    /// The same as one joined record; `text` has to outlive it.
    [[nodiscard]] RecordView joined(std::uint64_t after, std::uint64_t to, std::string& text) const {
        text.clear();
        for (std::uint64_t seq = after + 1; seq <= to; ++seq)
            text += data(seq);
        RecordView view = record(to);
        view.joined_from = after + 1;
        view.prev = check(after);
        view.data = text;
        return view;
    }

private:
    std::vector<std::uint64_t> checks_{0};
    std::vector<std::string> data_;
    bool ended_ = false;
};

/// Frames a test can read: "c stream first seq check data", snapshots "s stream 0 seq check data".
class TestEncoder final : public Encoder {
public:
    bool encode(std::string_view stream, std::span<const RecordView> records,
                FrameWriter& out) noexcept override {
        ++calls;
        for (const RecordView& record : records) {
            if (record.seq == fail_at) return false;
            if (record.seq == skip_at) continue;
            write('c', stream, record.first(), record.after(), record.data, out);
        }
        return true;
    }
    bool snapshot(std::string_view stream, std::span<const RecordView> records, Position at,
                  FrameWriter& out) noexcept override {
        ++calls;
        std::string text;
        for (const RecordView& record : records)
            text += record.data;
        write('s', stream, 0, at, text, out);
        return true;
    }

    int calls = 0;
    std::uint64_t fail_at = 0;
    std::uint64_t skip_at = 0;

private:
    static void write(char kind, std::string_view stream, std::uint64_t first, Position at,
                      std::string_view data, FrameWriter& out) {
        const std::string head = kind + (" " + std::string(stream)) + ' ' + std::to_string(first) + ' ' +
                                 std::to_string(at.seq) + ' ' + std::to_string(at.check) + ' ';
        const std::array<Piece, 2> pieces{Piece{head.data(), head.size()}, Piece{data.data(), data.size()}};
        out.frame(at.seq, at.check, pieces.data(), pieces.size());
    }
};

/// Takes unmasked text frames apart as the bytes come in.
class FrameDecoder {
public:
    void feed(const std::uint8_t* data, std::size_t size) {
        bytes_.append(reinterpret_cast<const char*>(data), size);
        while (next()) {
        }
        bytes_.erase(0, std::exchange(at_, 0));
    }
    [[nodiscard]] bool between_frames() const { return bytes_.empty(); }
    std::vector<std::string> take() { return std::exchange(payloads_, {}); }

private:
    bool next() {
        const std::size_t left = bytes_.size() - at_;
        if (left < 2) return false;
        const auto byte = [this](std::size_t i) { return static_cast<std::uint8_t>(bytes_[at_ + i]); };
        EXPECT_EQ(byte(0), 0x81) << "not the start of a text frame: a frame was torn";
        std::size_t head = 2;
        std::uint64_t size = byte(1);
        const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
        if (left < head + extra) return false;
        if (extra != 0) size = 0;
        for (std::size_t i = 0; i != extra; ++i)
            size = size << 8U | byte(head++);
        if (left < head + size) return false;
        payloads_.push_back(bytes_.substr(at_ + head, size));
        at_ += head + size;
        return true;
    }

    std::string bytes_;
    std::size_t at_ = 0;
    std::vector<std::string> payloads_;
};

struct Frame {
    char kind = 0;  ///< c, s, or x: some other text
    std::string stream;
    std::uint64_t first = 0;
    std::uint64_t seq = 0;
    std::uint64_t check = 0;
    std::string data;
};

inline Frame parse(const std::string& payload) {
    Frame frame{'x', "", 0, 0, 0, payload};
    if (payload.size() < 2 || payload[1] != ' ' || (payload[0] != 'c' && payload[0] != 's')) return frame;
    std::array<std::string, 4> fields;
    std::size_t at = 2;
    for (std::string& field : fields) {
        const std::size_t space = payload.find(' ', at);
        field = payload.substr(at, space - at);
        at = space + 1;
    }
    return {
        payload[0],        fields[0], std::stoull(fields[1]), std::stoull(fields[2]), std::stoull(fields[3]),
        payload.substr(at)};
}

inline std::string text_frame(std::string_view payload) {
    const Envelope envelope = websocket_text(payload.size());
    return std::string(reinterpret_cast<const char*>(envelope.head.data()), envelope.head_size) +
           std::string(payload);
}

inline SendStatus send_text(delivery::Reader& reader, std::string_view payload) {
    const std::string frame = text_frame(payload);
    const Piece piece{frame.data(), frame.size()};
    return reader.send(std::span(&piece, 1));
}

/// Writes at most `limit` bytes of what is due, as a socket with that much room would. Returns the bytes
/// written.
inline std::size_t write_some(delivery::Reader& reader, FrameDecoder& sink, std::size_t limit,
                              std::size_t max_iov = 16, std::size_t budget = 64 * 1024) {
    std::vector<iovec> iov(max_iov);
    const std::size_t count = reader.gather(iov.data(), max_iov, budget);
    std::size_t written = 0;
    for (std::size_t i = 0; i != count; ++i) {
        const std::size_t part = std::min(limit - written, iov[i].iov_len);
        sink.feed(static_cast<const std::uint8_t*>(iov[i].iov_base), part);
        written += part;
    }
    reader.consumed(written);
    return written;
}

inline void write_all(delivery::Reader& reader, FrameDecoder& sink) {
    while (!reader.empty())
        ASSERT_NE(write_some(reader, sink, SIZE_MAX), 0U) << "not empty, but nothing to gather";
}

/// A store thread and its loops on one thread; messages wait until pumped.
class World : public LoopPort, public StorePort, public FollowerEvents {
public:
    struct Event {
        std::string what;
        FollowerEvents::Reader who;
        std::string stream;
        FallReason reason = FallReason::kTrimmed;
    };

    explicit World(LogSetOptions options = {}) : set(options, *this, *this), inboxes_(options.loops) {
        encoding = set.add_encoding(encoder, websocket_text);
        for (std::uint32_t loop = 0; loop != options.loops; ++loop)
            loops.push_back(std::make_unique<LoopDelivery>(LoopDeliveryOptions{loop, 30'000}, *this));
    }

    void post(std::uint32_t loop, std::unique_ptr<LoopMessage> message) override {
        ++messages;
        inboxes_[loop].push_back(std::move(message));
    }
    void post(std::unique_ptr<LoopReport> report) override { reports_.push_back(std::move(report)); }
    void fell_off(const FollowerEvents::Reader& who, std::string_view stream, EncodingId,
                  FallReason reason) override {
        events.push_back({"fell_off", who, std::string(stream), reason});
    }
    void completed(const FollowerEvents::Reader& who) override {
        events.push_back({"completed", who, "", {}});
    }
    void wants_more(const FollowerEvents::Reader& who) override {
        events.push_back({"wants_more", who, "", {}});
    }
    void unused(std::string_view stream) override {
        events.push_back({"unused", {}, std::string(stream), {}});
    }

    void pump_loop(std::uint32_t loop) {
        for (; !inboxes_[loop].empty(); inboxes_[loop].pop_front())
            loops[loop]->apply(std::move(inboxes_[loop].front()));
        loops[loop]->finish_round();
    }
    void pump_store() {
        for (; !reports_.empty(); reports_.pop_front())
            set.take(std::move(reports_.front()));
        set.flush();
    }
    /// Until nobody has anything to tell.
    void pump() {
        do {
            pump_store();
            for (std::uint32_t loop = 0; loop != loops.size(); ++loop)
                pump_loop(loop);
        } while (!reports_.empty());
    }
    void tick(std::int64_t now_ms) {
        set.tick(now_ms);
        for (auto& loop : loops)
            loop->set_now(now_ms);
    }

    DeliverStatus deliver(std::string_view stream, const Story& story, std::uint64_t after,
                          std::uint64_t to) {
        const auto records = story.records(after, to);
        return set.deliver(stream, records);
    }
    AttachResult attach(const delivery::Reader& reader, SubscriptionId subscription, std::string_view stream,
                        const Plan& plan) {
        return set.attach(reader.ref(), subscription, stream, encoding, plan);
    }
    delivery::Reader& open(std::uint32_t loop = 0, const ReaderOptions& options = {}) {
        return loops[loop]->open(options, nullptr);
    }

    TestEncoder encoder;
    LogSet set;
    EncodingId encoding = 0;
    std::vector<std::unique_ptr<LoopDelivery>> loops;
    std::vector<Event> events;
    int messages = 0;

private:
    std::vector<std::deque<std::unique_ptr<LoopMessage>>> inboxes_;
    std::deque<std::unique_ptr<LoopReport>> reports_;
};

/// "c3 c4 s7 hello": what arrived, in short.
inline std::string summary(FrameDecoder& sink) {
    std::string text;
    for (const std::string& payload : sink.take()) {
        const Frame frame = parse(payload);
        if (!text.empty()) text += ' ';
        text += frame.kind == 'x' ? frame.data : frame.kind + std::to_string(frame.seq);
    }
    return text;
}

}  // namespace streamhost::delivery::test
