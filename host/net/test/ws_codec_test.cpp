// What the suite's cases do not ask: masking, length forms, limits, the client's side, pauses, memory, and
// the encoder.
#include "net/ws_codec.hpp"

#include <gmock/gmock.h>

#include "ws_script.hpp"

namespace streamhost::net::test {
namespace {

WsFault fault_of(const Bytes& bytes, const WsDecoderOptions& options = {}) {
    Bytes copy = bytes;
    std::span<std::uint8_t> input(copy);
    WsDecoder decoder;
    const WsEvent event = decoder.next(input, options);
    EXPECT_TRUE(event.kind == WsEventKind::kError || event.kind == WsEventKind::kNeedInput);
    EXPECT_EQ(event.close_code, event.kind == WsEventKind::kError ? close_code_of(event.fault) : 0);
    return event.fault;
}

struct Refused {
    const char* name;
    Bytes bytes;  // the last byte is the one that decides
    WsFault fault;
    unsigned code;
};
void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

class WsCodecRefusal : public testing::TestWithParam<Refused> {};

TEST_P(WsCodecRefusal, ComesWithTheDecidingByteAndNotBefore) {
    const Bytes& bytes = GetParam().bytes;
    EXPECT_EQ(fault_of({bytes.begin(), bytes.end() - 1}), WsFault::kNone);
    EXPECT_EQ(fault_of(bytes), GetParam().fault);
    EXPECT_EQ(close_code_of(GetParam().fault), GetParam().code);
    EXPECT_EQ(play(bytes, pieces_of(1), {}), std::vector{failed(GetParam().code)});
    EXPECT_NE(describe(GetParam().fault), "unknown fault");
}

const Refused kRefused[] = {
    {"Rsv1", {0xc1}, WsFault::kReservedBits, 1002},
    {"Rsv3", {0x91}, WsFault::kReservedBits, 1002},
    {"Opcode3", {0x83}, WsFault::kReservedOpcode, 1002},
    {"Opcode15", {0x8f}, WsFault::kReservedOpcode, 1002},
    {"PingWithoutFin", {0x09}, WsFault::kFragmentedControl, 1002},
    {"CloseWithoutFin", {0x08}, WsFault::kFragmentedControl, 1002},
    {"StrayContinuation", {0x80}, WsFault::kStrayContinuation, 1002},
    {"UnmaskedText", {0x81, 0x05}, WsFault::kUnmasked, 1002},
    {"UnmaskedEmpty", {0x81, 0x00}, WsFault::kUnmasked, 1002},
    {"UnmaskedPing", {0x89, 0x00}, WsFault::kUnmasked, 1002},
    {"LongPing", {0x89, 0xfe}, WsFault::kLongControl, 1002},
    {"LongerClose", {0x88, 0xff}, WsFault::kLongControl, 1002},
    {"Length125In16Bits", {0x82, 0xfe, 0, 125}, WsFault::kLengthNotMinimal, 1002},
    {"Length0In16Bits", {0x82, 0xfe, 0, 0}, WsFault::kLengthNotMinimal, 1002},
    {"Length65535In64Bits", {0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, WsFault::kLengthNotMinimal, 1002},
    {"LengthOver63Bits", {0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}, WsFault::kLengthOverflow, 1002},
    {"LengthOfAllOnes",
     {0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     WsFault::kLengthOverflow,
     1002},
    {"OneByteOverTheLimit", {0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1}, WsFault::kMessageTooBig, 1009},
    {"FarOverTheLimit",
     {0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     WsFault::kMessageTooBig,
     1009},
    {"Over32Bits", {0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 1}, WsFault::kMessageTooBig, 1009},
    {"BadUtf8", {0x81, 0x85, 0, 0, 0, 0, 'a', 0xc3, 'b'}, WsFault::kInvalidUtf8, 1007},
    {"BadUtf8First", {0x81, 0x85, 0, 0, 0, 0, 0xff}, WsFault::kInvalidUtf8, 1007},
    {"CutCodePoint", {0x81, 0x82, 0, 0, 0, 0, 'a', 0xc3}, WsFault::kInvalidUtf8, 1007},
    {"CloseOfOneByte", {0x88, 0x81, 0, 0, 0, 0, 3}, WsFault::kClosePayload, 1002},
    {"Close1005", {0x88, 0x82, 0, 0, 0, 0, 3, 0xed}, WsFault::kCloseCode, 1002},
    {"CloseReason", {0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff}, WsFault::kCloseReason, 1007},
};
INSTANTIATE_TEST_SUITE_P(Rfc6455, WsCodecRefusal, testing::ValuesIn(kRefused),
                         [](const auto& refused) { return refused.param.name; });

TEST(WsCodec, ExamplesOfTheRfc) {
    expect_seen({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}, {text("Hello")});
    const WsDecoderOptions client{.role = WsRole::kClient};
    EXPECT_EQ(play({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}, pieces_of(1), client),
              std::vector{text("Hello")});
    EXPECT_EQ(play({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}, pieces_of(2), client),
              std::vector{text("Hello")});
}

TEST(WsCodec, AClientRefusesMasks) {
    EXPECT_EQ(fault_of({0x81, 0x85}, {.role = WsRole::kClient}), WsFault::kMasked);
}

TEST(WsCodec, AMessageOfExactlyTheLimitPasses) {
    const WsDecoderOptions options{.max_message_bytes = 300};
    const std::string full(300, 'x');
    EXPECT_EQ(play(encode({{1, full}}), pieces_of(7), options), std::vector{text(full)});
    const std::vector<Frame> split{{1, full.substr(0, 200), false}, {9, "p"}, {0, full.substr(200)}};
    EXPECT_EQ(play(encode(split), pieces_of(7), options), (std::vector{ping("p"), text(full)}));
    EXPECT_EQ(play(encode({{1, full}, {1, full}}), pieces_of(7), options),
              (std::vector{text(full), text(full)}));
}

TEST(WsCodec, TheLimitCountsAllFragments) {
    const WsDecoderOptions options{.max_message_bytes = 300};
    const Bytes first = encode({{2, std::string(200, 'x'), false}});
    const Bytes second = encode({{0, std::string(101, 'x')}});
    Listener listener(options);
    listener.feed(first.data(), first.size());
    listener.feed(second.data(), 2);
    EXPECT_EQ(listener.seen(), std::vector{failed(1009)})
        << "101 is declared in the second byte; nothing of it was sent";
}

TEST(WsCodec, ALimitOfTheWholeRangeDoesNotOverflow) {
    const WsDecoderOptions options{.max_message_bytes = 0xffffffff};
    Listener listener(options);
    const Bytes first = encode({{2, "x", false}});
    listener.feed(first.data(), first.size());
    const Bytes second{0x00, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5};
    listener.feed(second.data(), second.size());
    EXPECT_EQ(listener.seen(), std::vector{failed(1009)});
}

TEST(WsCodec, AWholeMessageIsAViewIntoTheInput) {
    Bytes bytes = encode({{1, "view"}, {9, "ping"}, {2, std::string(70000, 'b')}});
    std::span<std::uint8_t> input(bytes);
    WsDecoder decoder;
    ws_drain(decoder, input, {}, [&](const WsEvent& event) {
        EXPECT_GE(event.payload.data(), bytes.data());
        EXPECT_LE(event.payload.data() + event.payload.size(), bytes.data() + bytes.size());
        EXPECT_TRUE(decoder.resting());
        return true;
    });
    EXPECT_TRUE(input.empty());
}

TEST(WsCodec, APauseLeavesTheRestUntouched) {
    Bytes bytes = encode({{1, "one"}, {1, "two"}});
    const Bytes sent = bytes;
    std::span<std::uint8_t> input(bytes);
    WsDecoder decoder;
    int seen = 0;
    const auto one_at_a_time = [&](const WsEvent&) { return ++seen == 2; };
    ws_drain(decoder, input, {}, one_at_a_time);
    EXPECT_EQ(seen, 1);
    ASSERT_EQ(input.size(), 9U);
    EXPECT_TRUE(std::equal(input.begin(), input.end(), sent.end() - 9));
    ws_drain(decoder, input, {}, one_at_a_time);
    EXPECT_EQ(seen, 2);
    EXPECT_TRUE(input.empty());
}

TEST(WsCodec, MemoryIsHeldOnlyWhileAMessageIsIncomplete) {
    Listener listener;
    const Bytes bytes = encode({{1, "first", false}, {9, "ping"}, {0, "last"}});
    EXPECT_TRUE(listener.decoder().resting());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        listener.feed(&bytes[i], 1);
        EXPECT_EQ(listener.decoder().resting(), i + 1 == bytes.size());
    }
    EXPECT_EQ(listener.seen(), (std::vector{ping("ping"), text("firstlast")}));
}

TEST(WsCodec, ReleaseFreesADeliveredMessage) {
    Bytes first = encode({{1, "split"}});
    Bytes rest(first.begin() + 8, first.end());
    first.resize(8);
    WsDecoder decoder;
    std::span<std::uint8_t> input(first);
    EXPECT_EQ(decoder.next(input, {}).kind, WsEventKind::kNeedInput);
    input = rest;
    EXPECT_EQ(decoder.next(input, {}).payload.size(), 5U);
    EXPECT_FALSE(decoder.resting());
    decoder.release();
    EXPECT_TRUE(decoder.resting());
}

TEST(WsCodec, PiecesAreNeverBuffered) {
    const WsDecoderOptions options{.delivery = WsDelivery::kPieces};
    Bytes bytes = encode({{1, "abc", false}, {0, "", false}, {0, "de"}});
    WsDecoder decoder;
    std::string pieces;
    for (std::uint8_t& byte : bytes) {
        std::span<std::uint8_t> input(&byte, 1);
        ws_drain(decoder, input, options, [&](const WsEvent& event) {
            pieces.append(event.payload.begin(), event.payload.end()).append(event.last ? "." : "|");
            return true;
        });
    }
    EXPECT_EQ(pieces, "a|b|c|d|e.");
    EXPECT_TRUE(decoder.resting());
}

TEST(WsCodec, EverythingAfterAnErrorIsSwallowed) {
    expect_seen(encode({{1, "x", true, 1}, {1, "later"}, {8, close_payload(1000)}}), {failed(1002)});
}

TEST(WsFrame, HeaderTakesTheShortestForm) {
    const std::pair<std::uint64_t, std::size_t> sizes[] = {{0, 2},     {125, 2},    {126, 4},
                                                           {65535, 4}, {65536, 10}, {1ULL << 40, 10}};
    for (const auto& [payload, header] : sizes) {
        std::uint8_t out[kWsMaxServerHeader];
        EXPECT_EQ(ws_header_size(payload), header);
        EXPECT_EQ(ws_write_header(out, WsOpcode::kBinary, payload), header);
        EXPECT_EQ(out[0], 0x82);
    }
    std::uint8_t out[kWsMaxServerHeader];
    ws_write_header(out, WsOpcode::kText, 0x1020304, WsFin::kMore);
    EXPECT_THAT(out, testing::ElementsAre(0x01, 127, 0, 0, 0, 0, 1, 2, 3, 4));
}

TEST(WsFrame, ControlFramesReadBack) {
    const WsDecoderOptions client{.role = WsRole::kClient};
    WsControlFrame frame;
    const std::string longer(200, 'p');
    const std::span<const std::uint8_t> payload(reinterpret_cast<const std::uint8_t*>(longer.data()),
                                                longer.size());
    std::size_t size = ws_write_control(frame, WsOpcode::kPong, payload);
    EXPECT_EQ(
        play({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)}, pieces_of(200), client),
        std::vector{pong(longer.substr(0, 125))});
    size = ws_write_control(frame, WsOpcode::kPing, {});
    EXPECT_EQ(
        play({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)}, pieces_of(200), client),
        std::vector{ping("")});
}

TEST(WsFrame, CloseReadsBack) {
    const WsDecoderOptions client{.role = WsRole::kClient};
    const auto read_back = [&](std::uint16_t code, const std::string& reason) {
        WsControlFrame frame;
        const std::size_t size = ws_write_close(frame, code, reason);
        return play({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)}, pieces_of(200),
                    client);
    };
    EXPECT_EQ(read_back(4000, "drain"), std::vector{closed(4000, "drain")});
    EXPECT_EQ(read_back(kWsNoStatus, "never sent"), std::vector{closed(kWsNoStatus)});
    const std::string euros = std::string(122, 'x') + "\xe2\x82\xac";
    EXPECT_EQ(read_back(1000, euros), std::vector{closed(1000, std::string(122, 'x'))})
        << "cut before the euro";
    for (unsigned fault = 1; fault <= static_cast<unsigned>(WsFault::kCloseReason); ++fault) {
        const auto each = static_cast<WsFault>(fault);
        EXPECT_EQ(read_back(close_code_of(each), std::string(describe(each))),
                  std::vector{closed(close_code_of(each), std::string(describe(each)))});
    }
}

TEST(WsFrame, MaskingIsItsOwnInverseAtEverySize) {
    const WsMaskKey key{0x80, 0x01, 0xff, 0x3c};
    for (std::size_t size = 0; size < 70; ++size) {
        Bytes bytes(size);
        for (std::size_t i = 0; i < size; ++i)
            bytes[i] = static_cast<std::uint8_t>(i & 0x7f);
        const Bytes plain = bytes;
        std::uint8_t seen = 0;
        const std::uint8_t told = ws_mask(bytes, key);
        for (std::size_t i = 0; i < size; ++i) {
            ASSERT_EQ(bytes[i], plain[i] ^ key[i % 4]);
            seen = static_cast<std::uint8_t>(seen | bytes[i]);
        }
        EXPECT_EQ(told, seen);
        EXPECT_LT(ws_mask(bytes, key), 0x80);
        EXPECT_EQ(bytes, plain);
    }
}

TEST(WsFrame, AMaskedFrameReadsBack) {
    for (const std::size_t size : {0U, 125U, 126U, 65535U, 65536U}) {
        const WsMaskKey key{1, 2, 3, 4};
        Bytes bytes(kWsMaxClientHeader + size, 'm');
        const std::size_t header = ws_write_masked_header(bytes.data(), WsOpcode::kText, size, key);
        EXPECT_EQ(header, ws_header_size(size) + 4);
        ws_mask(std::span(bytes).subspan(header, size), key);
        bytes.resize(header + size);
        EXPECT_EQ(play(bytes, pieces_of(1000), {}), std::vector{text(std::string(size, 'm'))});
    }
}

}  // namespace
}  // namespace streamhost::net::test
