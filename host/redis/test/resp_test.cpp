#include "redis/resp.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace streamhost::redis {
namespace {

// A reply as one line of text, so that a test can say what it expects.
std::string shape(const RespValue& value) {
    switch (value.type()) {
    case RespType::kSimple: return "+" + std::string(value.text());
    case RespType::kError: return "-" + std::string(value.text());
    case RespType::kInteger: return std::to_string(value.integer());
    case RespType::kBulk: return "'" + std::string(value.text()) + "'";
    case RespType::kNull: return "null";
    case RespType::kBoolean: return value.integer() != 0 ? "true" : "false";
    case RespType::kDouble: return "," + std::string(value.text());
    case RespType::kBigNumber: return "(" + std::string(value.text());
    case RespType::kVerbatim: return "=" + std::string(value.text());
    default: break;
    }
    constexpr std::string_view kOpen = "[{<>";
    const auto kind = static_cast<std::size_t>(value.type()) - static_cast<std::size_t>(RespType::kArray);
    std::string out(1, kOpen[kind]);
    RespValue item = value.first();
    for (std::uint32_t index = 0; index < value.size(); ++index, item = item.after())
        out += (index == 0 ? "" : " ") + shape(item);
    return out + ".";
}

std::vector<std::string> read_all(std::string_view bytes, std::size_t step, RespReader& reader) {
    std::vector<std::string> replies;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        reader.feed(bytes.substr(at, step));
        while (reader.next())
            replies.push_back(shape(reader.value()));
    }
    return replies;
}

std::string one(std::string_view bytes) {
    RespReader reader;
    const auto replies = read_all(bytes, bytes.size(), reader);
    EXPECT_EQ(reader.fault(), RespFault::kNone) << describe(reader.fault());
    EXPECT_EQ(reader.pending(), 0U);
    return replies.size() == 1 ? replies[0] : std::to_string(replies.size()) + " replies";
}

RespFault fault_of(std::string_view bytes, RespLimits limits = {}) {
    RespReader reader(limits);
    reader.feed(bytes);
    while (reader.next()) {
    }
    return reader.fault();
}

TEST(Resp, EveryType) {
    EXPECT_EQ(one("+OK\r\n"), "+OK");
    EXPECT_EQ(one("-ERR no such thing\r\n"), "-ERR no such thing");
    EXPECT_EQ(one("!8\r\nERR\r\ntwo\r\n"), "-ERR\r\ntwo");
    EXPECT_EQ(one(":-42\r\n"), "-42");
    EXPECT_EQ(one(":+42\r\n"), "42");
    EXPECT_EQ(one("$5\r\nhello\r\n"), "'hello'");
}

TEST(Resp, ATextHoldsAnyBytes) {
    RespReader reader;
    const std::string bytes("$5\r\na\r\nb\0\r\n", 11);
    reader.feed(bytes);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.value().text(), std::string_view("a\r\nb\0", 5));
    EXPECT_EQ(one("$0\r\n\r\n"), "''");
}

TEST(Resp, NothingHasManyForms) {
    EXPECT_EQ(one("$-1\r\n"), "null");
    EXPECT_EQ(one("*-1\r\n"), "null");
    EXPECT_EQ(one("_\r\n"), "null");
    EXPECT_EQ(one("*3\r\n$-1\r\n*-1\r\n_\r\n"), "[null null null.");
}

TEST(Resp, NumbersOfResp3) {
    EXPECT_EQ(one("#t\r\n"), "true");
    EXPECT_EQ(one("#f\r\n"), "false");
    EXPECT_EQ(one("(-3492890328409238509324850943850943825024385\r\n"),
              "(-3492890328409238509324850943850943825024385");
    EXPECT_EQ(one("=7\r\ntxt:abc\r\n"), "=abc");
    RespReader reader;
    reader.feed(",1.5e3\r\n,10\r\n,-inf\r\n,nan\r\n");
    std::vector<double> numbers;
    while (reader.next())
        numbers.push_back(reader.value().number());
    ASSERT_EQ(numbers.size(), 4U);
    EXPECT_EQ(numbers[0], 1500);
    EXPECT_EQ(numbers[1], 10);
    EXPECT_TRUE(std::isinf(numbers[2]) && numbers[2] < 0);
    EXPECT_TRUE(std::isnan(numbers[3]));
}

TEST(Resp, Aggregates) {
    EXPECT_EQ(one("*0\r\n"), "[.");
    EXPECT_EQ(one("*2\r\n*2\r\n:1\r\n:2\r\n*1\r\n+x\r\n"), "[[1 2. [+x..");
    EXPECT_EQ(one("~2\r\n:1\r\n:2\r\n"), "{1 2.");
    EXPECT_EQ(one("%2\r\n+a\r\n:1\r\n+b\r\n*0\r\n"), "<+a 1 +b [..");
    EXPECT_EQ(one(">3\r\n+message\r\n+channel\r\n$2\r\nhi\r\n"), ">+message +channel 'hi'.");
}

TEST(Resp, AttributesAreLeftOut) {
    EXPECT_EQ(one("|1\r\n+ttl\r\n:3600\r\n:7\r\n"), "7");
    EXPECT_EQ(one("*2\r\n|1\r\n+k\r\n*1\r\n:9\r\n:1\r\n|1\r\n+k\r\n:9\r\n:2\r\n"), "[1 2.");
}

TEST(Resp, ValuesAreFoundByPosition) {
    RespReader reader;
    reader.feed("*3\r\n*2\r\n:1\r\n:2\r\n$1\r\nb\r\n:3\r\n");
    ASSERT_TRUE(reader.next());
    const RespValue list = reader.value();
    EXPECT_EQ(list[0][1].integer(), 2);
    EXPECT_EQ(list[1].text(), "b");
    EXPECT_EQ(list[2].integer(), 3);
    EXPECT_TRUE(list[3].is(RespType::kNull));
    EXPECT_TRUE(list[1][0].is(RespType::kNull)) << "a text has no values in it";
}

TEST(Resp, CutsDoNotMatter) {
    const std::string bytes =
        "+OK\r\n*3\r\n$3\r\nfoo\r\n%1\r\n+a\r\n,1.5\r\n|1\r\n+x\r\n+y\r\n$-1\r\n-ERR "
        "\r\n:12345\r\n>1\r\n$4\r\n\r\n\r\n\r\n";
    RespReader whole;
    const auto expected = read_all(bytes, bytes.size(), whole);
    ASSERT_EQ(expected.size(), 5U);
    for (std::size_t step = 1; step < bytes.size(); ++step) {
        RespReader reader;
        EXPECT_EQ(read_all(bytes, step, reader), expected) << "in steps of " << step;
        EXPECT_EQ(reader.fault(), RespFault::kNone);
        EXPECT_EQ(reader.pending(), 0U);
    }
}

TEST(Resp, WhatWasShownStaysWhereItIsUntilTheNextCall) {
    RespReader reader;
    reader.feed("$3\r\nabc\r\n$3\r\ndef\r\n$3\r\ng");
    ASSERT_TRUE(reader.next());
    const std::string_view first = reader.value().text();
    EXPECT_EQ(first, "abc");
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.value().text(), "def");
    EXPECT_EQ(reader.pending(), 5U);
    EXPECT_FALSE(reader.next());
    reader.feed("hi\r\n");
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.value().text(), "ghi");
}

TEST(Resp, FaultsEndTheReading) {
    EXPECT_EQ(fault_of("?1\r\n"), RespFault::kType);
    EXPECT_EQ(fault_of("\r\n"), RespFault::kType);
    EXPECT_EQ(fault_of("_x\r\n"), RespFault::kType);
    EXPECT_EQ(fault_of(":12a\r\n"), RespFault::kNumber);
    EXPECT_EQ(fault_of(":\r\n"), RespFault::kNumber);
    EXPECT_EQ(fault_of(":99999999999999999999\r\n"), RespFault::kNumber);
    EXPECT_EQ(fault_of(",1.2.3\r\n"), RespFault::kNumber);
    EXPECT_EQ(fault_of("(12x\r\n"), RespFault::kNumber);
    EXPECT_EQ(fault_of("#x\r\n"), RespFault::kBoolean);
    EXPECT_EQ(fault_of("$x\r\n"), RespFault::kLength);
    EXPECT_EQ(fault_of("$?\r\n"), RespFault::kLength) << "streamed forms";
    EXPECT_EQ(fault_of("*-2\r\n"), RespFault::kLength);
    EXPECT_EQ(fault_of("%-1\r\n"), RespFault::kLength);
    EXPECT_EQ(fault_of("$3\r\nabcde\r\n"), RespFault::kLineEnd);
    EXPECT_EQ(fault_of("+a\nb\r\n"), RespFault::kLineEnd);
    EXPECT_EQ(fault_of("=3\r\ntxt\r\n"), RespFault::kVerbatim);
    RespReader reader;
    reader.feed("?\r\n+OK\r\n");
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.next()) << "what follows a fault means nothing";
}

TEST(Resp, LimitsHoldBeforeTheBytesCome) {
    EXPECT_EQ(fault_of("$1025\r\n", {.reply_bytes = 1'024}), RespFault::kTooLarge);
    EXPECT_EQ(
        fault_of("*2\r\n$600\r\n" + std::string(600, 'x') + "\r\n$600\r\n" + std::string(600, 'x') + "\r\n",
                 {.reply_bytes = 1'024}),
        RespFault::kTooLarge);
    EXPECT_EQ(fault_of("+" + std::string(100, 'x'), {.line_bytes = 64}), RespFault::kTooLarge);
    EXPECT_EQ(fault_of("+" + std::string(100, 'x') + "\r\n", {.line_bytes = 64}), RespFault::kTooLarge);
    EXPECT_EQ(fault_of("*1000000000\r\n"), RespFault::kTooManyNodes);
    EXPECT_EQ(fault_of("%600\r\n", {.nodes = 1'000}), RespFault::kTooManyNodes);
    EXPECT_EQ(fault_of("*3\r\n:1\r\n:2\r\n:3\r\n", {.nodes = 3}), RespFault::kTooManyNodes);
    std::string deep;
    for (int level = 0; level < 17; ++level)
        deep += "*1\r\n";
    EXPECT_EQ(fault_of(deep), RespFault::kTooDeep);
}

TEST(Resp, AManyMegabyteReplyIsReadInSmallSteps) {
    const std::string text(std::size_t{4} << 20, 'x');
    const std::string bytes = "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    RespReader reader;
    for (std::size_t at = 0; at < bytes.size(); at += 65'536) {
        const std::string_view piece = std::string_view(bytes).substr(at, 65'536);
        EXPECT_FALSE(reader.next());
        std::copy(piece.begin(), piece.end(), reader.room(piece.size()));
        reader.fed(piece.size());
    }
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.value().text(), text);
}

}  // namespace
}  // namespace streamhost::redis
