// Sections 12 and 13 of the Autobahn test suite (crossbario/autobahn-testsuite, Apache-2.0): compressed
// messages of many sizes, whole and in fragments, at several offers. The suite has a server echo a thousand
// of each over a socket; here both directions are played through codec, inflater and deflater with a client
// on plain zlib, fewer of each, to stay within seconds under sanitizers.
#include <gmock/gmock.h>

#include "net/ws_deflate.hpp"
#include "net/ws_extension.hpp"
#include "ws_script.hpp"
#include "zlib_peer.hpp"

namespace streamhost::net::test {
namespace {

struct Offer {
    std::string number;
    std::string field;
    WsCompression agreed;
};

struct Load {
    std::size_t size;
    std::size_t fragment;  // 0: one frame
};

// 12.x.1 to 12.x.10 and, in fragments, 12.x.11 to 12.x.18.
const Load kLoads[] = {{16, 0},        {64, 0},        {256, 0},       {1024, 0},    {4096, 0},
                       {8192, 0},      {16384, 0},     {32768, 0},     {65536, 0},   {131072, 0},
                       {8192, 256},    {16384, 256},   {32768, 256},   {65536, 256}, {131072, 256},
                       {131072, 1024}, {131072, 4096}, {131072, 32768}};

std::string json_of(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < size)
        text += R"({"id":)" + std::to_string(random()) + R"(,"name":"Gr)" + "\xc3\xbc" +
                R"(n","tags":["a","b"]},)";
    text.resize(size);
    while (!is_utf8({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}))
        text.back() = ' ';
    return text;
}

std::string noise_of(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(random() % 97);
    return bytes;
}

Bytes sent(int opcode, const std::string& payload, std::size_t fragment, int rsv) {
    const std::size_t step = fragment == 0 ? std::max<std::size_t>(payload.size(), 1) : fragment;
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < payload.size() || at == 0; at += step) {
        if (at != 0) frames.push_back({9, "between"});
        frames.push_back(
            {at == 0 ? opcode : 0, payload.substr(at, step), at + step >= payload.size(), at == 0 ? rsv : 0});
    }
    return encode(frames);
}

// What a server makes of the client's bytes, cut as a socket would.
std::vector<std::string> received(Bytes bytes, WsCompression agreed) {
    const WsDecoderOptions options{.takes_deflated = agreed != WsCompression::kNone};
    WsDecoder decoder;
    WsInflater inflater;
    std::vector<std::string> messages;
    for (std::size_t at = 0; at < bytes.size();) {
        std::span<std::uint8_t> input =
            std::span(bytes).subspan(at, std::min<std::size_t>(1460, bytes.size() - at));
        at += input.size();
        ws_drain(decoder, input, options, [&](const WsEvent& event) {
            EXPECT_NE(event.kind, WsEventKind::kError) << describe(event.fault);
            if (event.kind != WsEventKind::kMessage) return true;
            std::span<const std::uint8_t> payload = event.payload;
            EXPECT_EQ(event.deflated, agreed != WsCompression::kNone);
            if (event.deflated) {
                std::size_t budget = SIZE_MAX;
                inflater.start(event.payload, event.opcode, options.max_message_bytes);
                EXPECT_EQ(inflater.run(budget), WsInflater::State::kDone) << describe(inflater.fault());
                payload = inflater.message();
            }
            messages.emplace_back(payload.begin(), payload.end());
            return true;
        });
    }
    EXPECT_TRUE(decoder.resting());
    return messages;
}

class AutobahnDeflate : public testing::TestWithParam<std::tuple<Offer, Load>> {};

TEST_P(AutobahnDeflate, ComesBackAsItWasSent) {
    const auto& [offer, load] = GetParam();
    WsDeflateTerms terms;
    ASSERT_TRUE(choose_deflate(offer.field, terms));
    ASSERT_EQ(terms.compression, offer.agreed);
    const bool is_on = terms.compression != WsCompression::kNone;
    WsDeflater deflater;
    InflatingPeer client;
    deflater.begin();
    for (unsigned seed = 1; seed <= 4; ++seed) {
        const int opcode = seed % 2 == 0 ? 2 : 1;
        const std::string message = opcode == 1 ? json_of(load.size, seed) : noise_of(load.size, seed);
        const std::string payload =
            is_on ? deflated(message, {.level = static_cast<int>(seed), .window = seed == 3 ? 9 : 15})
                  : message;
        ASSERT_EQ(received(sent(opcode, payload, load.fragment, is_on ? 4 : 0), terms.compression),
                  std::vector{message});
        if (!is_on) continue;
        if (terms.compression == WsCompression::kEach) deflater.begin();
        deflater.add({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
        const auto back = deflater.finish();
        const std::string_view answer(reinterpret_cast<const char*>(back.data()), back.size());
        EXPECT_EQ(
            terms.compression == WsCompression::kEach ? InflatingPeer().take(answer) : client.take(answer),
            message);
    }
}

const Offer kOffers[] = {
    {"12_x", "permessage-deflate; client_max_window_bits", WsCompression::kRuns},
    {"13_1", "permessage-deflate", WsCompression::kRuns},
    {"13_2", "permessage-deflate; server_no_context_takeover", WsCompression::kEach},
    {"13_3", "permessage-deflate; server_max_window_bits=9", WsCompression::kNone},
    {"13_4", "permessage-deflate; server_max_window_bits=15", WsCompression::kRuns},
    {"13_5", "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
     WsCompression::kNone},
    {"13_6", "permessage-deflate; server_no_context_takeover; server_max_window_bits=15",
     WsCompression::kEach},
    {"13_7",
     "permessage-deflate; server_no_context_takeover; server_max_window_bits=9, permessage-deflate; "
     "server_no_context_takeover, permessage-deflate",
     WsCompression::kEach},
};
std::string name_of(const testing::TestParamInfo<std::tuple<Offer, Load>>& played) {
    const auto& offer = std::get<Offer>(played.param);
    const auto& load = std::get<Load>(played.param);
    return "Case_" + offer.number + "_of_" + std::to_string(load.size) + "_in_" +
           std::to_string(load.fragment);
}

INSTANTIATE_TEST_SUITE_P(Sections12And13, AutobahnDeflate,
                         testing::Combine(testing::ValuesIn(kOffers), testing::ValuesIn(kLoads)), name_of);

}  // namespace
}  // namespace streamhost::net::test
