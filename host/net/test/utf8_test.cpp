#include "net/utf8.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string encode(unsigned code) {
    const auto tail = [code](unsigned shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
    if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8, TakesEveryScalarValueAndNothingElse) {
    for (unsigned code = 0; code <= 0x11ffff; ++code) {
        const bool scalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
        ASSERT_EQ(is_utf8(bytes_of(encode(code))), scalar) << code;
    }
}

// Decodes by arithmetic, to have a second opinion that shares no table with the validator.
bool is_one_code_point(const std::vector<std::uint8_t>& bytes) {
    const unsigned lead = bytes[0];
    const std::size_t size = lead < 0x80             ? 1
                             : (lead & 0xe0) == 0xc0 ? 2
                             : (lead & 0xf0) == 0xe0 ? 3
                             : (lead & 0xf8) == 0xf0 ? 4
                                                     : 0;
    if (size != bytes.size()) return false;
    unsigned code = size == 1 ? lead : lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((bytes[i] & 0xc0) != 0x80) return false;
        code = code << 6 | (bytes[i] & 0x3fU);
    }
    const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    return code >= smallest[size] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

TEST(Utf8, AgreesWithArithmeticOnAllShortSequences) {
    for (unsigned lead = 0x80; lead <= 0xff; ++lead) {
        for (unsigned second = 0; second <= 0xff; ++second) {
            const auto a = static_cast<std::uint8_t>(lead);
            const auto b = static_cast<std::uint8_t>(second);
            for (const int each : {0x7f, 0x80, 0xbf, 0xc0}) {
                const auto tail = static_cast<std::uint8_t>(each);
                for (const std::vector<std::uint8_t>& bytes :
                     {std::vector{a, b}, {a, b, tail}, {a, b, tail, tail}}) {
                    const bool expected = is_one_code_point(bytes);
                    const bool two = bytes.size() > 2 && is_one_code_point({a, b}) && tail == 0x7f;
                    const bool three = bytes.size() == 4 && is_one_code_point({a, b, tail}) && tail == 0x7f;
                    ASSERT_EQ(is_utf8(bytes), expected || two || three)
                        << lead << ' ' << second << ' ' << each;
                }
            }
        }
    }
}

TEST(Utf8, IsTheSameAtEveryCut) {
    std::string text = "plain ASCII over eight bytes ";
    for (const unsigned code : {0xe4, 0x20ac, 0x4e2d, 0x1f600, 0x10ffff, 0x61})
        text += encode(code) + "abcdefghij";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Utf8Validator validator;
        EXPECT_TRUE(validator.feed(bytes_of(text).first(cut)));
        EXPECT_TRUE(validator.feed(bytes_of(text).subspan(cut)));
        EXPECT_TRUE(validator.complete());
    }
}

TEST(Utf8, RefusesAtTheFirstImpossibleByteAndStaysSo) {
    for (std::size_t before = 0; before < 20; ++before) {
        Utf8Validator validator;
        EXPECT_TRUE(validator.feed(bytes_of(std::string(before, 'a') + "\xed")));
        EXPECT_FALSE(validator.complete());
        EXPECT_FALSE(validator.feed(bytes_of("\xa0")));
        EXPECT_TRUE(validator.rejected());
        EXPECT_FALSE(validator.feed(bytes_of("fine again")));
        validator.reset();
        EXPECT_TRUE(validator.feed(bytes_of("fine again")) && validator.complete());
    }
}

TEST(Utf8, ATextMayNotEndInsideACodePoint) {
    EXPECT_FALSE(is_utf8(bytes_of("\xe2\x82")));
    EXPECT_TRUE(is_utf8({}));
}

}  // namespace
}  // namespace streamhost::net
