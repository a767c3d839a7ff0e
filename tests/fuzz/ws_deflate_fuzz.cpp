// Input: three bytes that choose limit, kind and turns, the rest is an offer of extensions, the payload of a
// compressed message, and a message to compress. Inflating is compared with itself at other turns, and with
// one call of zlib; what is compressed has to come back.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <zlib.h>

#include "check.hpp"
#include "net/ws_deflate.hpp"
#include "net/ws_extension.hpp"

namespace {

using namespace streamhost::net;

struct Verdict {
    WsInflater::State state;
    WsFault fault;
    std::string message;
    bool operator==(const Verdict&) const = default;
};

Verdict inflate_in_turns(std::string_view payload, WsOpcode opcode, std::uint32_t limit, std::size_t turn) {
    const std::unique_ptr<std::uint8_t[]> block(new std::uint8_t[payload.size()]);
    std::copy(payload.begin(), payload.end(), block.get());
    WsInflater inflater;
    inflater.start({block.get(), payload.size()}, opcode, limit);
    WsInflater::State state = WsInflater::State::kMore;
    for (bool is_first = true; state == WsInflater::State::kMore; is_first = false) {
        std::size_t budget = turn;
        state = inflater.run(budget);
        if (is_first && state == WsInflater::State::kMore) inflater.keep_input();
    }
    FUZZ_CHECK((state == WsInflater::State::kDone) == (inflater.fault() == WsFault::kNone));
    if (state != WsInflater::State::kDone) return {state, inflater.fault(), {}};
    const auto message = inflater.message();
    FUZZ_CHECK(message.size() <= limit);
    FUZZ_CHECK(opcode != WsOpcode::kText || is_utf8(message));
    return {state, WsFault::kNone, {message.begin(), message.end()}};
}

// Up to the end of the first stream, into a buffer that is large enough.
std::string plainly_inflated(std::string payload, std::size_t limit, bool& has_ended) {
    payload.append("\0\0\xff\xff", 4);
    z_stream stream{};
    FUZZ_CHECK(inflateInit2(&stream, -15) == Z_OK);
    std::string out(limit + 1, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(payload.data());
    stream.avail_in = static_cast<uInt>(payload.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    has_ended = inflate(&stream, Z_SYNC_FLUSH) == Z_STREAM_END;
    out.resize(out.size() - stream.avail_out);
    inflateEnd(&stream);
    return out;
}

void check_inflater(std::string_view payload, WsOpcode opcode, std::uint32_t limit, std::size_t turn) {
    const Verdict whole = inflate_in_turns(payload, opcode, limit, SIZE_MAX);
    FUZZ_CHECK(inflate_in_turns(payload, opcode, limit, turn) == whole);
    if (whole.state != WsInflater::State::kDone || payload.empty()) return;
    bool has_ended = false;
    const std::string first = plainly_inflated(std::string(payload), limit, has_ended);
    FUZZ_CHECK(has_ended ? whole.message.starts_with(first) : whole.message == first);
}

void check_offer(std::string_view field) {
    WsDeflateTerms terms;
    const bool is_list = choose_deflate(field, terms);
    std::string out;
    append_deflate(out, terms);
    FUZZ_CHECK(out.empty() == (terms.compression == WsCompression::kNone));
    FUZZ_CHECK(out.empty() || field.find("permessage-deflate") != std::string_view::npos);
    WsDeflateTerms again;
    FUZZ_CHECK(choose_deflate(field, again) == is_list && again == terms);
}

void check_deflater(std::string_view message) {
    WsDeflater deflater;
    deflater.begin();
    const auto bytes = [](std::string_view text) {
        return std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    };
    deflater.add(bytes(message.substr(0, message.size() / 2)));
    deflater.add(bytes(message.substr(message.size() / 2)));
    const auto payload = deflater.finish();
    const std::string sent(payload.begin(), payload.end());
    const Verdict back = inflate_in_turns(sent, WsOpcode::kBinary, 1U << 24, SIZE_MAX);
    FUZZ_CHECK(back.state == WsInflater::State::kDone && back.message == message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::uint32_t limit = data[0] < 128 ? 1U << 16 : data[0] - 128U;
    const WsOpcode opcode = (data[1] & 1) != 0 ? WsOpcode::kText : WsOpcode::kBinary;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
    check_inflater(rest, opcode, limit, std::size_t{data[2]} * 16 + 1);
    check_offer(rest);
    check_deflater(rest);
    return 0;
}
