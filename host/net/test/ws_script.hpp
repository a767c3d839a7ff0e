#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/ws_codec.hpp"

// Writes what a client would send, right or wrong, and records what the decoder tells about it. A script says
// what is sent and what has to be seen, and is played at many cuts of the same bytes: each cut has to be seen
// alike.
namespace streamhost::net::test {

using Bytes = std::vector<std::uint8_t>;

struct Frame {
    int opcode = 1;
    std::string payload{};
    bool fin = true;
    int rsv = 0;
    bool masked = true;
};

inline void append_frame(Bytes& out, const Frame& frame) {
    const WsMaskKey key{0x37, 0xfa, 0x21, static_cast<std::uint8_t>(0x3d + out.size())};
    std::uint8_t header[kWsMaxClientHeader];
    const auto opcode = static_cast<WsOpcode>(frame.opcode);
    const WsFin fin = frame.fin ? WsFin::kLast : WsFin::kMore;
    const std::size_t size = frame.masked
                                 ? ws_write_masked_header(header, opcode, frame.payload.size(), key, fin)
                                 : ws_write_header(header, opcode, frame.payload.size(), fin);
    header[0] = static_cast<std::uint8_t>(header[0] | frame.rsv << 4);
    out.insert(out.end(), header, header + size);
    const std::size_t start = out.size();
    out.insert(out.end(), frame.payload.begin(), frame.payload.end());
    if (!frame.masked) return;
    // Byte by byte on purpose: an own path, so that the word-wise one is not checked against itself.
    for (std::size_t i = start; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(out[i] ^ key[(i - start) % 4]);
}

inline Bytes encode(const std::vector<Frame>& frames) {
    Bytes out;
    for (const Frame& frame : frames)
        append_frame(out, frame);
    return out;
}

inline std::string close_payload(unsigned code, const std::string& reason = {}) {
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason;
}

struct Seen {
    WsEventKind kind;
    std::string payload;
    WsOpcode opcode = WsOpcode::kContinuation;
    unsigned code = 0;
    bool operator==(const Seen&) const = default;
};

inline Seen text(std::string payload) { return {WsEventKind::kMessage, std::move(payload), WsOpcode::kText}; }
inline Seen binary(std::string payload) {
    return {WsEventKind::kMessage, std::move(payload), WsOpcode::kBinary};
}
inline Seen ping(std::string payload) { return {WsEventKind::kPing, std::move(payload)}; }
inline Seen pong(std::string payload) { return {WsEventKind::kPong, std::move(payload)}; }
inline Seen closed(unsigned code, std::string reason = {}) {
    return {WsEventKind::kClose, std::move(reason), WsOpcode::kContinuation, code};
}
inline Seen failed(unsigned code) { return {WsEventKind::kError, {}, WsOpcode::kContinuation, code}; }

inline void PrintTo(const Seen& seen, std::ostream* out) {
    *out << "kind " << static_cast<int>(seen.kind) << " code " << seen.code << " size " << seen.payload.size()
         << " '" << seen.payload.substr(0, 24) << "'";
}

// Feeds one connection, each piece from a buffer of its own and exact size, so that a sanitizer sees any
// reach beyond it and any view that outlives it. Pieces of a message are joined, since where they are cut is
// not part of what is seen.
class Listener {
public:
    explicit Listener(const WsDecoderOptions& options = {.max_message_bytes = 32U << 20})
        : options_(options) {}

    void feed(const std::uint8_t* data, std::size_t size) {
        Bytes piece(data, data + size);
        std::span<std::uint8_t> input(piece);
        for (;;) {
            const WsEvent event = decoder_.next(input, options_);
            if (event.kind == WsEventKind::kNeedInput) break;
            record(event);
        }
        EXPECT_TRUE(input.empty());
    }

    const std::vector<Seen>& seen() const { return seen_; }
    const WsDecoder& decoder() const { return decoder_; }

private:
    void record(const WsEvent& event) {
        const std::string payload(event.payload.begin(), event.payload.end());
        if (event.kind != WsEventKind::kMessage) {
            seen_.push_back({event.kind, payload, event.opcode, event.close_code});
            return;
        }
        pieces_ += payload;
        if (!event.last) return;
        seen_.push_back({event.kind, std::move(pieces_), event.opcode, 0});
        pieces_.clear();
    }

    WsDecoderOptions options_;
    WsDecoder decoder_;
    std::string pieces_;
    std::vector<Seen> seen_;
};

// How many bytes the next piece has.
using Cutter = std::function<std::size_t()>;

inline std::vector<Seen> play(const Bytes& bytes, const Cutter& cut, const WsDecoderOptions& options) {
    Listener listener(options);
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = std::min(cut(), bytes.size() - at);
        listener.feed(bytes.data() + at, size);
        at += size;
    }
    EXPECT_TRUE(listener.decoder().resting() || listener.seen().empty() || !listener.decoder().ended());
    return listener.seen();
}

inline Cutter pieces_of(std::size_t size) {
    return [size] { return size; };
}

inline Cutter random_pieces(unsigned seed, std::size_t largest) {
    return [engine = std::mt19937(seed), largest]() mutable {
        return std::uniform_int_distribution<std::size_t>(1, largest)(engine);
    };
}

// Whole, in pieces of `smallest` (one byte unless that would take too long), and at seeded random cuts; in
// both deliveries.
inline void expect_seen(const Bytes& bytes, const std::vector<Seen>& expected, std::size_t smallest = 1) {
    for (const WsDelivery delivery : {WsDelivery::kWholeMessages, WsDelivery::kPieces}) {
        const WsDecoderOptions options{.delivery = delivery, .max_message_bytes = 32U << 20};
        EXPECT_EQ(play(bytes, pieces_of(bytes.size()), options), expected) << "whole";
        EXPECT_EQ(play(bytes, pieces_of(smallest), options), expected) << "in pieces of " << smallest;
        for (unsigned seed = 1; seed <= 5; ++seed) {
            const std::size_t largest = std::max<std::size_t>(bytes.size() / (2 * seed), smallest + 2);
            EXPECT_EQ(play(bytes, random_pieces(seed, largest), options), expected)
                << "random cuts, seed " << seed;
        }
    }
}

struct Script {
    std::string number;  // as in the suite, "5.19"
    std::function<std::vector<Frame>()> sent;
    std::function<std::vector<Seen>()> expected;
    std::size_t chop = 0;  // the suite cuts the bytes like this; played besides all other cuts
    std::size_t smallest = 1;
};

inline std::string test_name(const testing::TestParamInfo<Script>& info) {
    std::string name = "Case_" + info.param.number;
    for (char& c : name) {
        if (c == '.') c = '_';
    }
    return name;
}

inline void PrintTo(const Script& script, std::ostream* out) { *out << script.number; }

}  // namespace streamhost::net::test
