#include "net/forwarded.hpp"

#include <string>

#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

constexpr auto kX = ForwardedHeaders::kXForwarded;
constexpr auto kRfc = ForwardedHeaders::kForwarded;

PeerAddress peer(std::string_view address) { return {IpAddress::parse(address), 40'000}; }

class ForwardedTest : public ::testing::Test {
protected:
    ForwardedTest() {
        EXPECT_EQ(trusted.add("10.0.0.0/8"), "");
        EXPECT_EQ(trusted.add("fd00::/8"), "");
    }
    const HttpHead& head(const std::string& fields) {
        text = "GET / HTTP/1.1\r\nHost: inner\r\n" + fields + "\r\n";
        parser.reset();
        EXPECT_EQ(parser.parse(text), HeadState::kComplete) << fields;
        return parser.head();
    }
    // Who asks, as text, when 10.0.0.1 brings these fields.
    std::string client(const std::string& fields, ForwardedHeaders kind = kX) {
        last = read_forwarded(head(fields), kind, trusted, peer("10.0.0.1"));
        return last.client.text();
    }

    AddressList trusted;
    std::string text;
    HttpHeadParser parser;
    Forwarded last;
};

const std::string kProxy = "10.0.0.1:40000";

TEST_F(ForwardedTest, IsWhoConnectsWhereNobodySaysMore) {
    EXPECT_EQ(client(""), kProxy);
    EXPECT_FALSE(last.was_said);
    EXPECT_FALSE(claims_forwarded(head(""), kX));
    EXPECT_EQ(client("X-Forwarded-For:\r\n"), kProxy);
    EXPECT_EQ(client("X-Forwarded-For: , ,\r\n"), kProxy);
    EXPECT_FALSE(last.is_malformed);
}

TEST_F(ForwardedTest, IsWhoStandsAtTheEnd) {
    EXPECT_EQ(client("X-Forwarded-For: 203.0.113.9\r\n"), "203.0.113.9");
    EXPECT_TRUE(last.was_said);
    EXPECT_EQ(client("x-forwarded-for: 203.0.113.9:80\r\n"), "203.0.113.9:80");
    EXPECT_EQ(client("X-Forwarded-For: 2001:db8::1\r\n"), "[2001:db8::1]");
    EXPECT_EQ(client("X-Forwarded-For: [2001:db8::1]\r\n"), "[2001:db8::1]");
    EXPECT_EQ(client("X-Forwarded-For: [2001:db8::1]:80\r\n"), "[2001:db8::1]:80");
    EXPECT_EQ(client("X-Forwarded-For: ::ffff:203.0.113.9\r\n"), "203.0.113.9");
    EXPECT_FALSE(last.is_malformed);
}

TEST_F(ForwardedTest, WalksOverProxiesThatAreTrustedAndNoFurther) {
    EXPECT_EQ(client("X-Forwarded-For: 203.0.113.9, 10.0.0.3, 10.0.0.2\r\n"), "203.0.113.9");
    EXPECT_EQ(client("X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.0.0.2\r\n"), "203.0.113.9")
        << "what a client claimed";
    EXPECT_EQ(client("X-Forwarded-For: 10.9.9.9, 203.0.113.9, fd00::2\r\n"), "203.0.113.9")
        << "also to be a proxy";
    EXPECT_EQ(client("X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n"), "10.0.0.3")
        << "a proxy that asks for itself";
}

TEST_F(ForwardedTest, ReadsManyFieldsAsOneList) {
    EXPECT_EQ(
        client("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 10.0.0.2\r\n"),
        "203.0.113.9");
    EXPECT_EQ(client("X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: , \r\n"), "203.0.113.9");
}

TEST_F(ForwardedTest, LooksAtNothingThatAClientWroteBefore) {
    for (const char* claimed :
         {"\"", "for=\"", "junk", "1.2.3.4:99999", "\\\"", "a;b", "unknown", ",,,", "\"10.0.0.9"}) {
        EXPECT_EQ(client("X-Forwarded-For: " + std::string(claimed) + ", 203.0.113.9\r\n"), "203.0.113.9")
            << claimed;
        EXPECT_FALSE(last.is_malformed);
        EXPECT_EQ(client("Forwarded: " + std::string(claimed) + ", for=203.0.113.9\r\n", kRfc), "203.0.113.9")
            << claimed;
        EXPECT_FALSE(last.is_malformed);
    }
}

TEST_F(ForwardedTest, KeepsWhatItKnowsWhereAProxySaysNothingGood) {
    for (const char* bad : {"junk", "203.0.113", "203.0.113.9:", "203.0.113.9:99999", "203.0.113.9:x",
                            "[203.0.113.9]", "[2001:db8::1", "2001:db8::1]", "[::1]x", "host.example"}) {
        EXPECT_EQ(client("X-Forwarded-For: 6.6.6.6, " + std::string(bad) + "\r\n"), kProxy) << bad;
        EXPECT_TRUE(last.is_malformed) << bad;
        EXPECT_EQ(client("X-Forwarded-For: 6.6.6.6, " + std::string(bad) + ", 10.0.0.2\r\n"), "10.0.0.2")
            << bad;
    }
    for (const char* nameless : {"unknown", "_hidden", "unix:"}) {
        EXPECT_EQ(client("X-Forwarded-For: 6.6.6.6, " + std::string(nameless) + "\r\n"), kProxy) << nameless;
        EXPECT_FALSE(last.is_malformed) << nameless;
    }
}

TEST_F(ForwardedTest, BringsSchemeAndHost) {
    (void)client(
        "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: "
        "chat.example:8443\r\n");
    EXPECT_EQ(last.scheme, "https");
    EXPECT_EQ(last.host, "chat.example:8443");
    (void)client("X-Forwarded-Proto: WSS\r\n");
    EXPECT_EQ(last.scheme, "https");
    EXPECT_TRUE(last.was_said);
    (void)client("X-Forwarded-Proto: ws\r\n");
    EXPECT_EQ(last.scheme, "http");
    for (const char* bad : {"X-Forwarded-Proto: ftp\r\n", "X-Forwarded-Host: a b\r\n",
                            "X-Forwarded-Host: http://a\r\n", "X-Forwarded-Proto: http, https\r\n"}) {
        (void)client(bad);
        EXPECT_TRUE(last.is_malformed) << bad;
        EXPECT_TRUE(last.scheme.empty() && last.host.empty()) << bad;
    }
}

TEST_F(ForwardedTest, BringsWhatCameWithTheClientsAddress) {
    const std::string addresses = "X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.0.0.2\r\n";
    (void)client(addresses +
                 "X-Forwarded-Proto: http, https, http\r\nX-Forwarded-Host: evil, chat.example, inner\r\n");
    EXPECT_EQ(last.scheme, "https");
    EXPECT_EQ(last.host, "chat.example");
    (void)client(addresses + "X-Forwarded-Proto: https\r\n");
    EXPECT_EQ(last.scheme, "https") << "the only one there is";
    (void)client(addresses + "X-Forwarded-Proto: https, http\r\n");
    EXPECT_TRUE(last.is_malformed) << "nobody knows whose is whose";
    EXPECT_EQ(last.scheme, "");
}

TEST_F(ForwardedTest, ReadsRfc7239) {
    EXPECT_EQ(client("Forwarded: for=203.0.113.9\r\n", kRfc), "203.0.113.9");
    EXPECT_EQ(client("forwarded: For=\"[2001:db8::1]:4711\"\r\n", kRfc), "[2001:db8::1]:4711");
    EXPECT_EQ(
        client("Forwarded: for=6.6.6.6;host=evil, for=203.0.113.9;proto=https;host=chat.example;by=10.0.0.2, "
               "for=10.0.0.2;proto=http;host=inner\r\n",
               kRfc),
        "203.0.113.9");
    EXPECT_EQ(last.scheme, "https");
    EXPECT_EQ(last.host, "chat.example");
    EXPECT_EQ(client("Forwarded: for=203.0.113.9; proto=https;;ext=\"a,b;c\"\r\n", kRfc), "203.0.113.9");
    EXPECT_EQ(last.scheme, "https");
    EXPECT_EQ(client("Forwarded: proto=https\r\n", kRfc), kProxy);
    EXPECT_EQ(last.scheme, "https");
    EXPECT_EQ(client("Forwarded: for=_hidden;proto=https\r\n", kRfc), kProxy);
    EXPECT_FALSE(last.is_malformed);
}

TEST_F(ForwardedTest, RefusesWhatRfc7239DoesNotKnow) {
    for (const char* bad :
         {"for", "for=", "=1", "for=203.0.113.9;for=203.0.113.8", "for=203.0.113.9:80", "for=\"203.0.113.9",
          "for=\"203\\.0.113.9\"", "for=a b", "proto=ftp", "host=\"a b\"", "for =203.0.113.9"}) {
        EXPECT_EQ(client("Forwarded: " + std::string(bad) + "\r\n", kRfc), kProxy) << bad;
        EXPECT_TRUE(last.is_malformed) << bad;
    }
}

TEST_F(ForwardedTest, BelievesTheOneKindThatWasNamed) {
    const std::string both = "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=198.51.100.7\r\n";
    EXPECT_EQ(client(both, kX), "203.0.113.9");
    EXPECT_EQ(client(both, kRfc), "198.51.100.7");
    EXPECT_EQ(client(both, ForwardedHeaders::kOff), kProxy);
    EXPECT_FALSE(claims_forwarded(head("Forwarded: for=1.1.1.1\r\n"), kX));
    EXPECT_TRUE(claims_forwarded(head("X-Forwarded-Host: a\r\n"), kX));
    EXPECT_TRUE(claims_forwarded(head("Forwarded: for=1.1.1.1\r\n"), kRfc));
    EXPECT_FALSE(claims_forwarded(head(both), ForwardedHeaders::kOff));
}

}  // namespace
}  // namespace streamhost::net
