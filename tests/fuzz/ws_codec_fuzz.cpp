// Input: four bytes that choose role, limit, delivery and cuts, the rest is what the peer sends. The decoder
// is compared with itself at other cuts, and with a second decoder that is as plain as possible: it has the
// whole input, copies everything, works byte by byte and shares no code with the first.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "check.hpp"
#include "net/ws_codec.hpp"

namespace {

using namespace streamhost::net;

struct Seen {
    WsEventKind kind;
    WsOpcode opcode;
    unsigned code;
    std::string payload;
    bool deflated = false;
    bool operator==(const Seen&) const = default;
};

struct Run {
    std::vector<Seen> seen;
    bool resting = true;
    bool operator==(const Run&) const = default;
};

void record(const WsEvent& event, std::string& pieces, Run& run) {
    pieces.append(reinterpret_cast<const char*>(event.payload.data()), event.payload.size());
    if (event.kind != WsEventKind::kMessage) {
        const std::size_t start = pieces.size() - event.payload.size();
        run.seen.push_back({event.kind, event.opcode, event.close_code, pieces.substr(start)});
        pieces.resize(start);
    } else if (event.last) {
        run.seen.push_back({event.kind, event.opcode, 0, std::move(pieces), event.deflated});
        pieces.clear();
    }
}

std::size_t limit_of(const WsDecoderOptions& options, bool deflated) {
    return deflated ? options.max_message_bytes * std::size_t{9} / 8 + 64 : options.max_message_bytes;
}

// Steps of 1 to `largest` bytes in a fixed pseudo-random order; each from a block of exact size, freed before
// the next.
Run decode(const std::uint8_t* data, std::size_t size, const WsDecoderOptions& options, std::size_t largest) {
    Run run;
    std::string pieces;
    WsDecoder decoder;
    std::uint32_t state = 12345;
    for (std::size_t at = 0; at < size;) {
        state = state * 1664525 + 1013904223;
        const std::size_t step = std::min(size - at, largest == 0 ? size : 1 + (state >> 16) % largest);
        const std::unique_ptr<std::uint8_t[]> block(new std::uint8_t[step]);
        std::copy_n(data + at, step, block.get());
        std::span<std::uint8_t> input(block.get(), step);
        ws_drain(decoder, input, options, [&](const WsEvent& event) {
            FUZZ_CHECK(options.delivery == WsDelivery::kPieces || event.last);
            FUZZ_CHECK(event.payload.size() <= std::max<std::size_t>(limit_of(options, event.deflated), 125));
            FUZZ_CHECK(!event.deflated || options.takes_deflated);
            record(event, pieces, run);
            return true;
        });
        FUZZ_CHECK(input.empty());
        at += step;
    }
    run.resting = decoder.resting();
    return run;
}

bool plain_utf8(const std::string& text, bool may_end_early) {
    for (std::size_t i = 0; i < text.size();) {
        const unsigned lead = static_cast<unsigned char>(text[i]);
        const std::size_t size = lead < 0x80                    ? 1
                                 : lead >= 0xc2 && lead <= 0xdf ? 2
                                 : lead >> 4 == 0xe             ? 3
                                 : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                                : 0;
        if (size == 0) return false;
        for (std::size_t j = 1; j < size; ++j) {
            if (i + j == text.size()) return may_end_early;
            const unsigned byte = static_cast<unsigned char>(text[i + j]);
            if (byte < 0x80 || byte > 0xbf) return false;
            if (j != 1) continue;
            if ((lead == 0xe0 && byte < 0xa0) || (lead == 0xed && byte > 0x9f)) return false;
            if ((lead == 0xf0 && byte < 0x90) || (lead == 0xf4 && byte > 0x8f)) return false;
        }
        i += size;
    }
    return true;
}

bool plain_close_code(unsigned code) {
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

class PlainDecoder {
public:
    PlainDecoder(const std::uint8_t* data, std::size_t size, const WsDecoderOptions& options)
        : data_(data), size_(size), options_(options) {}

    std::vector<Seen> run() {
        while (at_ < size_ && !done_)
            frame();
        return std::move(seen_);
    }

private:
    void fail(unsigned code) {
        seen_.push_back({WsEventKind::kError, WsOpcode::kContinuation, code, {}});
        done_ = true;
    }

    // False when the input ends first.
    bool byte(unsigned& value) {
        if (at_ == size_) {
            done_ = true;
            return false;
        }
        value = data_[at_++];
        return true;
    }

    void frame() {
        unsigned first = 0;
        unsigned second = 0;
        if (!byte(first)) return;
        const unsigned opcode = first & 15;
        const bool fin = first >= 128;
        const bool control = opcode >= 8;
        const bool rsv1 = (first & 0x40) != 0;
        if (rsv1 && !(options_.takes_deflated && (opcode == 1 || opcode == 2))) return fail(1002);
        if ((first & 0x30) != 0 || (opcode > 2 && opcode < 8) || opcode > 10) return fail(1002);
        if (control && !fin) return fail(1002);
        if (!control && (opcode == 0) != (open_ != 0)) return fail(1002);
        if (!byte(second)) return;
        if ((second >= 128) != (options_.role == WsRole::kServer)) return fail(1002);
        std::uint64_t length = second & 127;
        if (control && length > 125) return fail(1002);
        if (length >= 126 && !long_length(length)) return;
        if (!control && length + message_.size() > limit_of(options_, rsv1 || deflated_)) return fail(1009);
        unsigned key[4] = {};
        for (unsigned& part : key) {
            if (second >= 128 && !byte(part)) return;
        }
        if (!control && opcode != 0) {
            open_ = opcode;
            deflated_ = rsv1;
        }
        payload(length, key, control, opcode, fin);
    }

    bool long_length(std::uint64_t& length) {
        const int bytes = length == 126 ? 2 : 8;
        const std::uint64_t smallest = length == 126 ? 126 : 65536;
        length = 0;
        for (int i = 0; i < bytes; ++i) {
            unsigned part = 0;
            if (!byte(part)) return false;
            length = length * 256 + part;
        }
        if (length < smallest || length > INT64_MAX) {
            fail(1002);
            return false;
        }
        return true;
    }

    void payload(std::uint64_t length, const unsigned* key, bool control, unsigned opcode, bool fin) {
        std::string control_payload;
        std::string& target = control ? control_payload : message_;
        for (std::uint64_t i = 0; i < length; ++i) {
            unsigned value = 0;
            if (!byte(value)) break;
            target += static_cast<char>(value ^ key[i % 4]);
        }
        if (!control && open_ == 1 && !deflated_ && !plain_utf8(message_, true)) return fail(1007);
        if (done_) return;
        if (opcode == 8) return close(control_payload);
        if (control) {
            seen_.push_back({opcode == 9 ? WsEventKind::kPing : WsEventKind::kPong, WsOpcode::kContinuation,
                             0, control_payload});
        } else if (fin) {
            if (open_ == 1 && !deflated_ && !plain_utf8(message_, false)) return fail(1007);
            seen_.push_back(
                {WsEventKind::kMessage, static_cast<WsOpcode>(open_), 0, std::move(message_), deflated_});
            message_.clear();
            deflated_ = false;
            open_ = 0;
        }
    }

    void close(const std::string& body) {
        unsigned code = 1005;
        if (body.size() == 1) return fail(1002);
        if (body.size() >= 2) {
            code = static_cast<unsigned char>(body[0]) * 256U + static_cast<unsigned char>(body[1]);
            if (!plain_close_code(code)) return fail(1002);
            if (!plain_utf8(body.substr(2), false)) return fail(1007);
        }
        seen_.push_back(
            {WsEventKind::kClose, WsOpcode::kContinuation, code, body.empty() ? "" : body.substr(2)});
        done_ = true;
    }

    const std::uint8_t* data_;
    std::size_t size_;
    const WsDecoderOptions& options_;
    std::size_t at_ = 0;
    bool done_ = false;
    unsigned open_ = 0;
    bool deflated_ = false;
    std::string message_;
    std::vector<Seen> seen_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    WsDecoderOptions options{.role = (data[0] & 1) != 0 ? WsRole::kClient : WsRole::kServer,
                             .max_message_bytes = data[1] < 128 ? 1U << 20 : data[1] - 128U,
                             .takes_deflated = (data[0] & 2) != 0};
    const std::uint8_t* const bytes = data + 4;
    const std::size_t count = size - 4;

    const Run whole = decode(bytes, count, options, 0);
    FUZZ_CHECK(whole.seen == PlainDecoder(bytes, count, options).run());
    FUZZ_CHECK(decode(bytes, count, options, 1) == whole);
    FUZZ_CHECK(decode(bytes, count, options, data[2] + 1U) == whole);
    options.delivery = WsDelivery::kPieces;
    const Run pieces = decode(bytes, count, options, data[3] + 1U);
    FUZZ_CHECK(pieces.seen == whole.seen);
    return 0;
}
