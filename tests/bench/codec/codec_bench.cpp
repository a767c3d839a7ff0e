// Nanoseconds per frame and per head. Every round copies the block first, because decoding unmasks in place:
// the copy is part of the figure for all decoders here.
#include <cstring>

#include <benchmark/benchmark.h>

#include "frames.hpp"
#include "net/http_head.hpp"
#include "net/ws_codec.hpp"
#include "net/ws_handshake.hpp"

namespace streamhost::bench {
namespace {

constexpr std::size_t kBlock = 16 * 1024;

void decode(benchmark::State& state, net::WsOpcode opcode, const std::string& payload) {
    std::size_t frames = 0;
    const std::vector<std::uint8_t> sent = masked_block(opcode, payload, kBlock, frames);
    std::vector<std::uint8_t> block(sent.size());
    const net::WsDecoderOptions options;
    net::WsDecoder decoder;
    std::size_t seen = 0;
    for (auto _ : state) {
        std::memcpy(block.data(), sent.data(), sent.size());
        std::span<std::uint8_t> input(block);
        net::ws_drain(decoder, input, options, [&](const net::WsEvent& event) {
            seen += event.payload.size();
            return true;
        });
    }
    if (seen != state.iterations() * frames * payload.size()) state.SkipWithError("lost bytes");
    state.counters["per_frame"] =
        benchmark::Counter(static_cast<double>(state.iterations() * frames),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.SetBytesProcessed(static_cast<std::int64_t>(seen));
}

void own_ascii_text(benchmark::State& state) {
    decode(state, net::WsOpcode::kText, ascii_payload(static_cast<std::size_t>(state.range(0))));
}
void own_cjk_text(benchmark::State& state) {
    decode(state, net::WsOpcode::kText, cjk_payload(static_cast<std::size_t>(state.range(0))));
}
void own_binary(benchmark::State& state) {
    decode(state, net::WsOpcode::kBinary, ascii_payload(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(own_ascii_text)->Arg(20)->Arg(100)->Arg(1000)->Arg(16000);
BENCHMARK(own_cjk_text)->Arg(100)->Arg(1000);
BENCHMARK(own_binary)->Arg(100)->Arg(1000);

const std::string kBrowserHead =
    "GET /v1/ws HTTP/1.1\r\n"
    "Host: chat.example.com\r\n"
    "Connection: Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 "
    "Safari/537.36\r\n"
    "Upgrade: websocket\r\n"
    "Origin: https://chat.example.com\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Cookie: session=3f2a9c5d7e1b4f60a8c2d4e6f8091a2b; theme=dark; consent=1\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "Sec-WebSocket-Protocol: streamhost.v1.json\r\n"
    "\r\n";

void own_head(benchmark::State& state) {
    net::HttpHeadParser parser;
    for (auto _ : state) {
        parser.reset();
        if (parser.parse(kBrowserHead) != net::HeadState::kComplete) state.SkipWithError("refused");
    }
}
BENCHMARK(own_head);

void own_head_and_handshake(benchmark::State& state) {
    constexpr std::string_view kSupported[] = {"streamhost.v1.json"};
    net::HttpHeadParser parser;
    std::string out;
    for (auto _ : state) {
        parser.reset();
        if (parser.parse(kBrowserHead) != net::HeadState::kComplete) state.SkipWithError("refused");
        const net::WsHandshake handshake =
            net::check_ws_handshake(parser.head(), kSupported, net::WsExtensions::kDeflate);
        if (handshake.refusal != net::WsRefusal::kNone) state.SkipWithError("refused");
        out.clear();
        append_ws_accept(out, handshake);
        benchmark::DoNotOptimize(out.data());
    }
}
BENCHMARK(own_head_and_handshake);

}  // namespace

const std::string& browser_head() { return kBrowserHead; }

}  // namespace streamhost::bench
