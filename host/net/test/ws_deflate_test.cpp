#include "net/ws_deflate.hpp"

#include <gmock/gmock.h>

#include "ws_script.hpp"
#include "zlib_peer.hpp"

namespace streamhost::net::test {
namespace {

using std::string_literals::operator""s;

constexpr std::size_t kNoBudget = SIZE_MAX;

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text_of(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

struct Inflated {
    WsInflater::State state;
    std::string message;
    WsFault fault = WsFault::kNone;
    std::size_t turns = 0;
};

// From a copy of exact size, which is gone after the first turn.
Inflated inflated(WsInflater& inflater, std::string_view payload, std::size_t budget = kNoBudget,
                  WsOpcode opcode = WsOpcode::kText, std::uint32_t limit = 1U << 20) {
    auto copy = std::make_unique<std::uint8_t[]>(payload.size());
    std::copy(payload.begin(), payload.end(), copy.get());
    inflater.start({copy.get(), payload.size()}, opcode, limit);
    Inflated out{};
    do {
        std::size_t left = budget;
        out.state = inflater.run(left);
        if (out.turns++ == 0 && out.state == WsInflater::State::kMore) inflater.keep_input();
        copy.reset();
    } while (out.state == WsInflater::State::kMore);
    if (out.state == WsInflater::State::kDone)
        out.message = text_of(inflater.message());
    else
        out.fault = inflater.fault();
    return out;
}

struct Form {
    const char* name;
    std::string payload;
    std::string message;
};
void PrintTo(const Form& form, std::ostream* out) { *out << form.name; }

class WsInflaterForm : public testing::TestWithParam<Form> {};

TEST_P(WsInflaterForm, IsReadAtEveryBudget) {
    WsInflater inflater;
    for (const std::size_t budget : {kNoBudget, std::size_t{1}, std::size_t{20}}) {
        const Inflated seen = inflated(inflater, GetParam().payload, budget);
        EXPECT_EQ(seen.state, WsInflater::State::kDone);
        EXPECT_EQ(seen.message, GetParam().message);
    }
}

// RFC 7692 7.2.3, and what is seen on the wire beside it.
const Form kForms[] = {
    {"OneBlock", "\xf2\x48\xcd\xc9\xc9\x07\x00"s, "Hello"},
    {"NoCompression", "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s, "Hello"},
    {"LastBlock", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, "Hello"},
    {"LastBlockWithNothingBehind", "\xf3\x48\xcd\xc9\xc9\x07\x00"s, "Hello"},
    {"TwoBlocks", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s, "Hello"},
    {"TwoLastBlocks", "\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, "HelloHello"},
    {"WithItsTail", "\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"s, "Hello"},
    {"Empty", "\x00"s, ""},
    {"EmptyLastBlock", "\x03\x00\x00"s, ""},
    {"NoBytes", "", ""},
};
INSTANTIATE_TEST_SUITE_P(Rfc7692, WsInflaterForm, testing::ValuesIn(kForms),
                         [](const auto& form) { return form.param.name; });

class WsInflaterBroken : public testing::TestWithParam<Form> {};

TEST_P(WsInflaterBroken, IsAFaultAtEveryBudgetAndSpoilsNothing) {
    WsInflater inflater;
    for (const std::size_t budget : {kNoBudget, std::size_t{1}}) {
        const Inflated seen = inflated(inflater, GetParam().payload, budget, WsOpcode::kBinary);
        EXPECT_EQ(seen.state, WsInflater::State::kFailed);
        EXPECT_EQ(seen.fault, WsFault::kDeflate);
        EXPECT_EQ(close_code_of(seen.fault), 1007);
        EXPECT_EQ(inflated(inflater, deflated("sound")).message, "sound");
    }
}

const Form kBroken[] = {
    {"ReservedBlock", "\x06"s, {}},
    {"CutInABlock", "\xf2\x48\xcd"s, {}},
    {"StoredLengthsThatDiffer", "\x00\x05\x00\xfa\xfe\x48\x65\x6c\x6c\x6f\x00"s, {}},
    {"BackBeforeTheBeginning", "\x4a\x03\x11\x00"s, {}},
    {"StoredLongerThanSent", "\x00\xff\x00\x00\xff\x41"s, {}},
    {"RefersToTheMessageBefore", "\xf2\x00\x11\x00\x00"s, {}},  // RFC 7692 7.2.3.2, its second "Hello"
};
INSTANTIATE_TEST_SUITE_P(Rfc7692, WsInflaterBroken, testing::ValuesIn(kBroken),
                         [](const auto& form) { return form.param.name; });

TEST(WsInflater, TextIsCheckedAfterItWasInflated) {
    WsInflater inflater;
    for (const char* text : {"caf\xc3", "\xff", "a\xed\xa0\x80z"}) {
        const Inflated seen = inflated(inflater, deflated(text));
        EXPECT_EQ(seen.state, WsInflater::State::kFailed);
        EXPECT_EQ(seen.fault, WsFault::kInvalidUtf8);
        EXPECT_EQ(inflated(inflater, deflated(text), kNoBudget, WsOpcode::kBinary).message, text);
    }
    EXPECT_EQ(inflated(inflater, deflated("caf\xc3\xa9"), 1).message, "caf\xc3\xa9");
}

TEST(WsInflater, AMessageOfExactlyTheLimitPassesAndOneByteMoreDoesNot) {
    WsInflater inflater;
    for (const std::size_t limit : {1UL, 4095UL, 4096UL, 5000UL, 65536UL}) {
        const auto bound = static_cast<std::uint32_t>(limit);
        const std::string full(limit, 'x');
        const Inflated fits = inflated(inflater, deflated(full), kNoBudget, WsOpcode::kText, bound);
        EXPECT_EQ(fits.message, full);
        const Inflated over = inflated(inflater, deflated(full + "x"), kNoBudget, WsOpcode::kText, bound);
        EXPECT_EQ(over.state, WsInflater::State::kFailed);
        EXPECT_EQ(over.fault, WsFault::kMessageTooBig);
    }
}

TEST(WsInflater, ABombIsFoundWithTheWorkOfTheLimit) {
    WsInflater inflater;
    const std::string bomb = deflated(std::string(64U << 20, '\0'), {.level = 9});
    ASSERT_LT(bomb.size(), 70'000U);
    inflater.start(bytes_of(bomb), WsOpcode::kText, 100'000);
    std::size_t budget = 400'000;
    EXPECT_EQ(inflater.run(budget), WsInflater::State::kFailed);
    EXPECT_EQ(inflater.fault(), WsFault::kMessageTooBig);
    EXPECT_GT(budget, 0U);
}

TEST(WsInflater, ATurnEndsWhenItsBudgetIsUsedUp) {
    WsInflater inflater;
    const std::string large(1U << 20, 'y');
    const Inflated seen = inflated(inflater, deflated(large), 128U << 10);
    EXPECT_EQ(seen.message, large);
    EXPECT_GE(seen.turns, 6U);
    EXPECT_LE(seen.turns, 10U);
}

TEST(WsInflater, BlocksWithNothingInThemUseUpABudgetToo) {
    std::string hollow;
    for (int i = 0; i < 50'000; ++i)
        hollow += "\x03\x00"s;
    WsInflater inflater;
    const Inflated seen = inflated(inflater, hollow, 128U << 10);
    EXPECT_EQ(seen.state, WsInflater::State::kDone);
    EXPECT_EQ(seen.message, "");
    EXPECT_GE(seen.turns, 10U);
}

TEST(WsInflater, TrimKeepsWhatASmallMessageNeeds) {
    WsInflater inflater;
    EXPECT_EQ(inflated(inflater, deflated("small")).message, "small");
    inflater.trim();
    EXPECT_EQ(text_of(inflater.message()), "small");
    EXPECT_EQ(inflated(inflater, deflated(std::string(200'000, 'z'))).message.size(), 200'000U);
    inflater.trim();
    EXPECT_EQ(inflated(inflater, deflated("again")).message, "again");
}

TEST(WsDeflater, TheMessagesOfARunReferToEachOther) {
    const std::string message = R"({"type":"chunk","stream":"s.1","data":{"kind":"text","delta":"Hello"}})";
    WsDeflater deflater;
    InflatingPeer peer;
    std::vector<std::size_t> sizes;
    for (int run = 0; run < 2; ++run) {
        deflater.begin();
        for (int i = 0; i < 3; ++i) {
            deflater.add(bytes_of(message));
            const auto payload = deflater.finish();
            sizes.push_back(payload.size());
            EXPECT_EQ(peer.take(text_of(payload)), message);
        }
    }
    EXPECT_EQ(sizes[0], sizes[3]) << "a run refers to nothing before it";
    EXPECT_LT(sizes[1], sizes[0] / 4);
    EXPECT_EQ(sizes[1], sizes[4]);
}

TEST(WsDeflater, AMessageMayHaveParts) {
    WsDeflater deflater;
    deflater.begin();
    for (const char* part : {"Hel", "", "lo"})
        deflater.add(bytes_of(part));
    EXPECT_EQ(InflatingPeer().take(text_of(deflater.finish())), "Hello");
}

TEST(WsDeflater, AnEmptyMessageIsOneByte) {
    WsDeflater deflater;
    deflater.begin();
    EXPECT_EQ(text_of(deflater.finish()), "\0"s);
    deflater.add(bytes_of("x"));
    (void)deflater.finish();
    EXPECT_EQ(text_of(deflater.finish()), "\0"s) << "nothing was there to flush";
}

TEST(WsDeflater, WhatDoesNotGetSmallerIsWhole) {
    std::mt19937 random(7);
    std::string noise(300'000, '\0');
    for (char& byte : noise)
        byte = static_cast<char>(random());
    WsDeflater deflater;
    deflater.begin();
    deflater.add(bytes_of(noise));
    EXPECT_EQ(InflatingPeer().take(text_of(deflater.finish())), noise);
}

// The decoder's side: which frames may be compressed.
const WsDecoderOptions kTakes{.max_message_bytes = 1000, .takes_deflated = true};

std::vector<Seen> seen_of(const std::vector<Frame>& frames, const WsDecoderOptions& options = kTakes) {
    const Bytes bytes = encode(frames);
    const std::vector<Seen> seen = play(bytes, pieces_of(bytes.size()), options);
    EXPECT_EQ(play(bytes, pieces_of(1), options), seen);
    return seen;
}

TEST(WsCodecDeflate, Rsv1IsForTheFirstFrameOfADataMessage) {
    const std::vector<Seen> refused{failed(1002)};
    EXPECT_EQ(seen_of({{1, "x", true, 4}}, {}), refused) << "without agreement";
    EXPECT_EQ(seen_of({{8, close_payload(1000), true, 4}}), refused);
    EXPECT_EQ(seen_of({{9, "x", true, 4}}), refused);
    EXPECT_EQ(seen_of({{10, "x", true, 4}}), refused);
    EXPECT_EQ(seen_of({{1, "x", false, 4}, {0, "y", true, 4}}), refused);
    EXPECT_EQ(seen_of({{1, "x", false}, {0, "y", true, 4}}), refused);
    EXPECT_EQ(seen_of({{1, "x", true, 6}}), refused);
    EXPECT_EQ(seen_of({{2, "x", true, 5}}), refused);
    EXPECT_EQ(seen_of({{3, "x", true, 4}}), refused);
}

TEST(WsCodecDeflate, EachMessageSaysForItselfWhetherItIsCompressed) {
    Bytes bytes = encode({{1, "plain"}, {1, "de", false, 4}, {9, "p"}, {0, "flated"}, {2, "plain"}});
    std::span<std::uint8_t> input(bytes);
    WsDecoder decoder;
    std::vector<bool> deflated;
    ws_drain(decoder, input, kTakes, [&](const WsEvent& event) {
        if (event.kind == WsEventKind::kMessage) deflated.push_back(event.deflated);
        return true;
    });
    EXPECT_EQ(deflated, (std::vector{false, true, false}));
}

TEST(WsCodecDeflate, UncompressedTextIsCheckedAtOnceAndCompressedNot) {
    EXPECT_EQ(seen_of({{1, "\xff", true}}), std::vector{failed(1007)});
    EXPECT_EQ(seen_of({{1, "\xff", true, 4}}), std::vector{text("\xff")});
    EXPECT_EQ(seen_of({{1, "\xff", true, 4}, {1, "\xff", true}}), (std::vector{text("\xff"), failed(1007)}));
}

TEST(WsCodecDeflate, ThePayloadMayBeAsLongAsAMessageThatDoesNotGetSmaller) {
    EXPECT_EQ(seen_of({{2, std::string(1189, 'x'), true, 4}}), std::vector{binary(std::string(1189, 'x'))});
    EXPECT_EQ(seen_of({{2, std::string(1190, 'x'), true, 4}}), std::vector{failed(1009)});
    EXPECT_EQ(seen_of({{2, std::string(1000, 'x'), false, 4}, {0, std::string(190, 'x')}}),
              std::vector{failed(1009)});
    EXPECT_EQ(seen_of({{2, "x", true, 4}, {2, std::string(1001, 'x')}}),
              (std::vector{binary("x"), failed(1009)}));
}

}  // namespace
}  // namespace streamhost::net::test
