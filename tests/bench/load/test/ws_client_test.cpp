#include "ws_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "failure.hpp"

namespace streamhost::load {
namespace {

using namespace std::string_literals;

// The key and accept value of RFC 6455, 1.3.
const std::string kKey = "dGhlIHNhbXBsZSBub25jZQ==";
const std::string kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

std::string answer(const std::string& status, const std::string& accept) {
    return "HTTP/1.1 " + status + "\r\nUpgrade: websocket\r\nsec-websocket-ACCEPT: " + accept + "\r\n\r\n";
}

TEST(Upgrade, AsksForWhatTheRfcSays) {
    const std::string request = upgrade_request("h", "/v1/ws", "streamhost.v1.json", kKey);
    EXPECT_TRUE(request.starts_with("GET /v1/ws HTTP/1.1\r\nHost: h\r\n"));
    EXPECT_TRUE(request.ends_with("\r\n\r\n"));
    EXPECT_THAT(request, ::testing::HasSubstr("\r\nSec-WebSocket-Protocol: streamhost.v1.json\r\n"));
    EXPECT_THAT(upgrade_request("h", "/", "", kKey),
                ::testing::Not(::testing::HasSubstr("Sec-WebSocket-Protocol")));
    EXPECT_EQ(random_key(1).size(), 24u);
    EXPECT_NE(random_key(1), random_key(2));
}

TEST(Upgrade, TakesTheHeadAndNotWhatFollows) {
    const std::string head = answer("101 Switching Protocols", kAccept);
    EXPECT_EQ(read_upgrade(head + "\x81\x00", kKey), head.size());
    for (std::size_t cut = 0; cut < head.size(); ++cut)
        EXPECT_EQ(read_upgrade(std::string_view(head).substr(0, cut), kKey), 0u);
}

TEST(Upgrade, RefusesAnythingElse) {
    EXPECT_THROW((void)read_upgrade(answer("503 Service Unavailable", kAccept), kKey), Failure);
    EXPECT_THROW((void)read_upgrade(answer("101 Switching Protocols", "AAAA"), kKey), Failure);
    EXPECT_THROW((void)read_upgrade("HTTP/1.1 101 X\r\n\r\n", kKey), Failure);
    EXPECT_THROW((void)read_upgrade(std::string(20'000, 'x'), kKey), Failure);
}

TEST(Frame, IsMaskedAsInTheRfc) {
    std::string out;
    append_frame(out, Opcode::kText, "Hello", 0x3d21fa37);  // 37 fa 21 3d, RFC 6455 5.7
    EXPECT_EQ(out, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s);
}

TEST(Frame, WritesEachLengthInItsForm) {
    for (const auto& [size, head] :
         {std::pair<std::size_t, std::size_t>{0, 6}, {125, 6}, {126, 8}, {65'535, 8}, {65'536, 14}}) {
        std::string out;
        append_frame(out, Opcode::kBinary, std::string(size, 'a'), 0);
        EXPECT_EQ(out.size(), head + size);
        EXPECT_EQ(out.substr(head), std::string(size, 'a'));
    }
}

TEST(Frame, IsReadWhole) {
    const std::string small = "\x81\x02hi"s;
    const std::string medium = "\x82\x7e\x01\x00"s + std::string(256, 'm');
    const std::string large = "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s + std::string(65'536, 'l');
    for (const std::string& bytes : {small, medium, large}) {
        Frame frame;
        const std::string more = bytes + "next";
        EXPECT_EQ(read_frame(more, frame), bytes.size());
        EXPECT_FALSE(frame.payload.empty());
        EXPECT_EQ(frame.payload, std::string_view(bytes).substr(bytes.size() - frame.payload.size()));
        EXPECT_EQ(read_frame(std::string_view(bytes).substr(0, bytes.size() - 1), frame), 0u);
    }
    Frame frame;
    EXPECT_EQ(read_frame("\x81", frame), 0u);
    EXPECT_EQ(read_frame("\x81\x7e\x01", frame), 0u);
}

TEST(Frame, OfABrokenServerEndsTheRun) {
    Frame frame;
    EXPECT_THROW((void)read_frame("\x81\x80    "s, frame), Failure) << "masked";
    EXPECT_THROW((void)read_frame("\x01\x00"s, frame), Failure) << "fragment";
    EXPECT_THROW((void)read_frame("\xc1\x00"s, frame), Failure) << "reserved bit";
    EXPECT_THROW((void)read_frame("\x83\x00"s, frame), Failure) << "opcode 3";
    EXPECT_THROW((void)read_frame("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s, frame), Failure) << "size";
}

TEST(Close, SaysItsCodeAndReason) {
    EXPECT_EQ(describe_close("\x0f\xa2too slow"), "4002 too slow");
    EXPECT_EQ(describe_close(""), "no code");
}

}  // namespace
}  // namespace streamhost::load
