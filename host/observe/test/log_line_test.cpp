#include "observe/log_line.hpp"

#include <array>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <gtest/gtest.h>

namespace streamhost::observe {
namespace {

constexpr std::int64_t kNoon = 1'769'860'800'123;  // 2026-01-31T12:00:00.123Z

std::string text(std::string_view message, std::initializer_list<Field> fields = {}) {
    return format_line(LogFormat::text,
                       {kNoon, LogLevel::warn, "net", message, {fields.begin(), fields.size()}});
}

std::string json(std::string_view message, std::initializer_list<Field> fields = {}) {
    return format_line(LogFormat::json,
                       {kNoon, LogLevel::warn, "net", message, {fields.begin(), fields.size()}});
}

std::string escaped(std::string_view in) {
    std::string out;
    append_json_escaped(out, in);
    return out;
}

Poco::JSON::Object::Ptr parsed(const std::string& line) {
    return Poco::JSON::Parser().parse(line).extract<Poco::JSON::Object::Ptr>();
}

TEST(LogLine, TextIsForPeople) {
    EXPECT_EQ(
        text("slow reader", {{"conn", 17}, {"reason", "no space"}, {"path", "/v1/ws"}, {"closed", true}}),
        "2026-01-31T12:00:00.123Z WARN  net: slow reader conn=17 reason=\"no space\" path=/v1/ws "
        "closed=true\n");
}

TEST(LogLine, TextKeepsQuotesInTheMessageAndEscapesThemInValues) {
    EXPECT_EQ(text("cannot open \"x\"", {{"path", "a\"b"}, {"empty", ""}}),
              "2026-01-31T12:00:00.123Z WARN  net: cannot open \"x\" path=\"a\\\"b\" empty=\"\"\n");
}

TEST(LogLine, JsonKeepsTypes) {
    EXPECT_EQ(
        json("done", {{"n", -5}, {"big", ~std::uint64_t{0}}, {"ratio", 0.25}, {"ok", false}, {"who", "a"}}),
        R"({"ts":"2026-01-31T12:00:00.123Z","level":"warn","component":"net","msg":"done","n":-5,)"
        R"("big":18446744073709551615,"ratio":0.25,"ok":false,"who":"a"})"
        "\n");
}

TEST(LogLine, TheNodeStandsInJsonAloneAndNoFieldCanBeIt) {
    const std::array fields{Field("node", "forged")};
    const LogLine line{kNoon, LogLevel::info, "net", "up", fields, "gateway-1"};
    EXPECT_EQ(format_line(LogFormat::json, line),
              R"({"ts":"2026-01-31T12:00:00.123Z","level":"info","node":"gateway-1","component":"net",)"
              R"("msg":"up","field_node":"forged"})"
              "\n");
    EXPECT_EQ(format_line(LogFormat::text, line), "2026-01-31T12:00:00.123Z INFO  net: up node=forged\n");
}

TEST(LogLine, NumbersThatJsonDoesNotHaveAreStrings) {
    const auto line = json("x", {{"nan", std::numeric_limits<double>::quiet_NaN()},
                                 {"inf", std::numeric_limits<double>::infinity()}});
    EXPECT_EQ(parsed(line)->getValue<std::string>("inf"), "inf");
    EXPECT_EQ(parsed(line)->getValue<std::string>("nan"), "nan");
}

TEST(LogLine, AFieldCanNotReplaceWhatTheLineSays) {
    const auto object = parsed(json("real", {{"msg", "forged"}, {"level", "error"}}));
    EXPECT_EQ(object->getValue<std::string>("msg"), "real");
    EXPECT_EQ(object->getValue<std::string>("field_msg"), "forged");
    EXPECT_EQ(object->getValue<std::string>("level"), "warn");
}

TEST(LogLine, AClientCanNotForgeALine) {
    for (const auto format : {LogFormat::text, LogFormat::json}) {
        const std::array fields{Field("name", "x\r\n2026 ERROR net: owned\x1b[31m"), Field("a\nb", "1")};
        const auto line = format_line(format, {kNoon, LogLevel::info, "net", "hello\nERROR x", fields});
        EXPECT_EQ(line.find('\n'), line.size() - 1);
        EXPECT_EQ(line.find('\r'), std::string::npos);
        EXPECT_EQ(line.find('\x1b'), std::string::npos);
    }
}

TEST(LogLine, EscapesAsJsonWantsIt) {
    EXPECT_EQ(escaped("a\"b\\c\n\t\r\x01\x7f/"), R"(a\"b\\c\n\t\r\u0001\u007f/)");
    EXPECT_EQ(escaped(std::string_view("\0x", 2)), "\\u0000x");
    EXPECT_EQ(escaped("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"), "h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
}

TEST(LogLine, InvalidUtf8BecomesReplacementsPerMaximalSubpart) {
    const std::string r = "\xEF\xBF\xBD";
    EXPECT_EQ(escaped("a\xFFz"), "a" + r + "z");
    EXPECT_EQ(escaped("\xC0\x80"), r + r) << "overlong";
    EXPECT_EQ(escaped("\xED\xA0\x80"), r + r + r) << "surrogate";
    EXPECT_EQ(escaped("\xF4\x90\x80\x80"), r + r + r + r) << "beyond U+10FFFF";
    EXPECT_EQ(escaped("\xE2\x82"), r) << "cut character";
    EXPECT_EQ(escaped("\xF0\x9F\x98q"), r + "q");
    // The example of the Unicode standard, table 3-8.
    EXPECT_EQ(escaped("a\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
              "a" + r + r + r + "b" + r + "c" + r + r + "d");
}

TEST(LogLine, AnyBytesGiveAParsableLine) {
    std::mt19937 random(7);
    for (int i = 0; i < 2'000; ++i) {
        std::string noise(random() % 40, '\0');
        for (char& c : noise)
            c = static_cast<char>(random());
        const auto line = json(noise, {{"value", noise}});
        ASSERT_NO_THROW(ASSERT_TRUE(parsed(line)->has("value"))) << line;
        ASSERT_EQ(line.find('\n'), line.size() - 1);
    }
}

TEST(LogLine, LongValuesAndManyFieldsAreCut) {
    const std::string huge(1'000'000, 'x');
    const std::vector<Field> fields(1'000, Field("k", huge));
    const auto line = format_line(LogFormat::json, {kNoon, LogLevel::info, "net", huge, fields});
    EXPECT_LT(line.size(), (kMaxFields + 2) * (kMaxValueBytes + 20));
    EXPECT_NE(line.find("x\xE2\x80\xA6\""), std::string::npos) << "the cut shows";
}

}  // namespace
}  // namespace streamhost::observe
