#include "redis/command.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "redis/driver/call.hpp"
#include "redis/resp.hpp"

namespace streamhost::redis {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(Command, IsAnArrayOfTexts) {
    std::string out;
    write_command(out, "SET", "key"sv, "a value"s, "PX", 1'000);
    EXPECT_EQ(out, "*5\r\n$3\r\nSET\r\n$3\r\nkey\r\n$7\r\na value\r\n$2\r\nPX\r\n$4\r\n1000\r\n");
}

TEST(Command, AppendsBehindTheOneBefore) {
    std::string out;
    write_command(out, "PING");
    write_command(out, "PING");
    EXPECT_EQ(out, "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n");
}

TEST(Command, WordsAreBytesAndNumbersOfAnySize) {
    std::string out;
    const std::string bytes = "\0\r\n\xff"s;
    write_command(out, bytes, ""sv, std::numeric_limits<std::int64_t>::min(),
                  std::numeric_limits<std::uint64_t>::max());
    RespReader reader;
    reader.feed(out);
    ASSERT_TRUE(reader.next());
    ASSERT_EQ(reader.value().size(), 4U);
    EXPECT_EQ(reader.value()[0].text(), bytes);
    EXPECT_EQ(reader.value()[1].text(), "");
    EXPECT_EQ(reader.value()[2].text(), "-9223372036854775808");
    EXPECT_EQ(reader.value()[3].text(), "18446744073709551615");
}

TEST(CallTest, IsAboutItsKeys) {
    static constexpr Script kScript{"write", "return 1", "0"};
    EXPECT_EQ(key_names(Call(kScript).arg("a").key_words()), "");
    EXPECT_EQ(key_names(Call(kScript).key("first\r\nkey").key("").key("k").arg("a").key_words()),
              "first\r\nkey, , k");
}

TEST(CallTest, ItsFloorStandsWhereItWasPutAndMayBeSetAnew) {
    static constexpr Script kScript{"write", "return 1", "0"};
    const auto put_together = [](std::uint64_t floor) {
        Call call(kScript);
        call.key("k").arg("a").floor(floor).arg("b");
        return call;
    };
    Call call = put_together(17);
    EXPECT_EQ(call.by_hash(),
              "*7\r\n$7\r\nEVALSHA\r\n$1\r\n0\r\n$1\r\n1\r\n$1\r\nk\r\n"
              "$1\r\na\r\n$2\r\n17\r\n$1\r\nb\r\n");
    call.floor(0);
    EXPECT_EQ(call.by_hash(), put_together(0).by_hash());
    call.acknowledged_as(21, "0123456789abcdef");
    EXPECT_NE(call.by_hash().find("$20\r\n=21|0123456789abcdef\r\n$1\r\nb\r\n"), std::string::npos);
    EXPECT_TRUE(call.by_text().starts_with("*7\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n"));
}

}  // namespace
}  // namespace streamhost::redis
