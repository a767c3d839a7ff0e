#include "net/ws_handshake.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

constexpr std::string_view kSupported[] = {"streamhost.v1.json", "superchat"};

// The request of RFC 6455 1.2, with one line replaced ("" drops it) or added.
std::string request(std::string_view from = {}, std::string_view to = {}) {
    std::string head =
        "GET /chat HTTP/1.1\r\n"
        "Host: server.example.com\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Origin: http://example.com\r\n"
        "Sec-WebSocket-Protocol: chat, superchat\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "\r\n";
    if (!from.empty()) head.replace(head.find(from), from.size(), to);
    return head;
}

WsHandshake handshake(const std::string& bytes, WsExtensions extensions = WsExtensions::kIgnored) {
    HttpHeadParser parser;
    EXPECT_EQ(parser.parse(bytes), HeadState::kComplete) << describe(parser.fault());
    return check_ws_handshake(parser.head(), kSupported, extensions);
}

std::string_view text(const WsAcceptKey& key) { return {key.data(), key.size()}; }

TEST(WsHandshake, AcceptKeyOfTheRfc) {
    EXPECT_EQ(text(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==")), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WsHandshake, AcceptsTheRequestOfTheRfc) {
    const WsHandshake result = handshake(request());
    ASSERT_EQ(result.refusal, WsRefusal::kNone);
    EXPECT_EQ(result.subprotocol, "superchat");
    std::string out;
    append_ws_accept(out, result);
    EXPECT_EQ(out,
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Connection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
              "Sec-WebSocket-Protocol: superchat\r\n"
              "\r\n");
}

TEST(WsHandshake, NamesNoSubprotocolWhenNoneIsInCommon) {
    const WsHandshake result = handshake(request("chat, superchat", "mqtt"));
    ASSERT_EQ(result.refusal, WsRefusal::kNone);
    std::string out;
    append_ws_accept(out, result);
    EXPECT_THAT(out, testing::Not(testing::HasSubstr("Sec-WebSocket-Protocol")));
}

TEST(WsHandshake, TheClientsOrderDecides) {
    EXPECT_EQ(handshake(request("chat, superchat", "x,superchat ,streamhost.v1.json")).subprotocol,
              "superchat");
    EXPECT_EQ(handshake(request("chat, superchat", "streamhost.v1.json\r\nsec-websocket-protocol: superchat"))
                  .subprotocol,
              "streamhost.v1.json");
}

TEST(WsHandshake, ReadsTokenListsInAnyCase) {
    EXPECT_EQ(handshake(request("Connection: Upgrade", "connection: keep-alive, UPGRADE")).refusal,
              WsRefusal::kNone);
    EXPECT_EQ(handshake(request("Upgrade: websocket", "UPGRADE: h2c,WebSocket")).refusal, WsRefusal::kNone);
}

// RFC 6455 4.1 prints this key for the bytes 1 to 16; the bits under its padding are not zero.
TEST(WsHandshake, AcceptsTheKeyPrintedInTheRfc) {
    EXPECT_EQ(handshake(request("dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC==")).refusal,
              WsRefusal::kNone);
}

constexpr const char* kOffered =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nOrigin:";

TEST(WsHandshake, AnswersAnOfferOfCompressionWhereItIsOn) {
    std::string out;
    append_ws_accept(out, handshake(request("Origin:", kOffered), WsExtensions::kDeflate));
    EXPECT_THAT(out, testing::HasSubstr(
                         "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n\r\n"));
    out.clear();
    append_ws_accept(out, handshake(request("Origin:", kOffered)));
    EXPECT_THAT(out, testing::Not(testing::HasSubstr("Extensions")));
    out.clear();
    append_ws_accept(out, handshake(request(), WsExtensions::kDeflate));
    EXPECT_THAT(out, testing::Not(testing::HasSubstr("Extensions")));
}

TEST(WsHandshake, ReadsAllFieldsOfExtensions) {
    const std::string two =
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n"
        "sec-websocket-extensions: permessage-deflate; server_no_context_takeover\r\nOrigin:";
    const WsHandshake result = handshake(request("Origin:", two), WsExtensions::kDeflate);
    EXPECT_EQ(result.deflate.compression, WsCompression::kEach);
}

TEST(WsHandshake, RefusesExtensionsThatAreNoListWhereTheyAreRead) {
    const std::string bad = request("Origin:", "Sec-WebSocket-Extensions: permessage-deflate;\r\nOrigin:");
    const WsHandshake result = handshake(bad, WsExtensions::kDeflate);
    EXPECT_EQ(result.refusal, WsRefusal::kExtensions);
    EXPECT_EQ(status_of(result.refusal), 400);
    EXPECT_EQ(describe(result.refusal), "Sec-WebSocket-Extensions is not a list of extensions");
    EXPECT_EQ(handshake(bad).refusal, WsRefusal::kNone);
}

struct Refused {
    const char* name;
    const char* from;
    const char* to;
    WsRefusal refusal;
    int status;
};

class WsHandshakeRefusal : public testing::TestWithParam<Refused> {};

TEST_P(WsHandshakeRefusal, SaysWhy) {
    const WsHandshake result = handshake(request(GetParam().from, GetParam().to));
    EXPECT_EQ(result.refusal, GetParam().refusal);
    std::string out;
    append_ws_refusal(out, result.refusal);
    EXPECT_THAT(out, testing::StartsWith("HTTP/1.1 " + std::to_string(GetParam().status) + " "));
    EXPECT_THAT(out, testing::HasSubstr("Content-Type: application/problem+json\r\n"));
    EXPECT_THAT(out, testing::HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(GetParam().status == 426,
              out.find("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n") != std::string::npos);
    EXPECT_EQ(GetParam().status == 405, out.find("Allow: GET\r\n") != std::string::npos);
}

const Refused kRefused[] = {
    {"Post", "GET", "POST", WsRefusal::kMethod, 405},
    {"Http10", "HTTP/1.1", "HTTP/1.0", WsRefusal::kHttpVersion, 426},
    {"NoUpgrade", "Upgrade: websocket\r\n", "", WsRefusal::kUpgrade, 426},
    {"OtherUpgrade", "Upgrade: websocket", "Upgrade: h2c", WsRefusal::kUpgrade, 426},
    {"UpgradeIsNoPrefixMatch", "Upgrade: websocket", "Upgrade: websockets", WsRefusal::kUpgrade, 426},
    {"NoConnection", "Connection: Upgrade\r\n", "", WsRefusal::kConnection, 400},
    {"ConnectionWithoutUpgrade", "Connection: Upgrade", "Connection: keep-alive", WsRefusal::kConnection,
     400},
    {"NoVersion", "Sec-WebSocket-Version: 13\r\n", "", WsRefusal::kVersion, 426},
    {"Version8", "Version: 13", "Version: 8", WsRefusal::kVersion, 426},
    {"TwoVersions", "Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13", WsRefusal::kVersion, 426},
    {"VersionList", "Version: 13", "Version: 13, 8", WsRefusal::kVersion, 426},
    {"NoKey", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", WsRefusal::kKey, 400},
    {"ShortKey", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", WsRefusal::kKey, 400},
    {"LongKey", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZdGhlZQ==", WsRefusal::kKey, 400},
    {"KeyOf17Bytes", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQA=", WsRefusal::kKey, 400},
    {"KeyOutsideAlphabet", "dGhlIHNhbXBsZSBub25jZQ==", "dGhl_HNhbXBsZSBub25jZQ==", WsRefusal::kKey, 400},
    {"TwoKeys", "Origin: http://example.com", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", WsRefusal::kKey,
     400},
    {"Body", "Origin:", "Content-Length: 5\r\nOrigin:", WsRefusal::kBody, 400},
    {"ChunkedBody", "Origin:", "Transfer-Encoding: chunked\r\nOrigin:", WsRefusal::kBody, 400},
    {"TwoOrigins", "Origin:", "Origin: null\r\nOrigin:", WsRefusal::kOrigin, 400},
    {"SubprotocolNoToken", "chat, superchat", "chat, super chat", WsRefusal::kSubprotocol, 400},
};
INSTANTIATE_TEST_SUITE_P(Rfc6455, WsHandshakeRefusal, testing::ValuesIn(kRefused),
                         [](const auto& refused) { return refused.param.name; });

TEST(WsHandshake, EmptyBodyIsNoBody) {
    EXPECT_EQ(handshake(request("Origin:", "Content-Length: 0\r\nOrigin:")).refusal, WsRefusal::kNone);
}

}  // namespace
}  // namespace streamhost::net
