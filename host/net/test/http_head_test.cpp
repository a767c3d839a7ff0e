#include "net/http_head.hpp"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

using namespace std::string_literals;

struct Verdict {
    HeadState state;
    HeadFault fault;
    std::size_t length;
    bool operator==(const Verdict&) const = default;
};

void PrintTo(const Verdict& verdict, std::ostream* out) {
    *out << "state " << static_cast<int>(verdict.state) << ", " << describe(verdict.fault) << ", length "
         << verdict.length;
}

// A fresh buffer of exact size for each step: the head may move between calls, and a sanitizer sees any reach
// beyond it.
Verdict parse_in_steps(const std::string& bytes, const std::function<std::size_t()>& step,
                       const HttpHeadLimits& limits) {
    HttpHeadParser parser(limits);
    HeadState state = HeadState::kNeedMore;
    for (std::size_t size = 0; size < bytes.size() && state == HeadState::kNeedMore;) {
        size = std::min(bytes.size(), size + step());
        const std::vector<char> moved(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        state = parser.parse({moved.data(), moved.size()});
    }
    return {state, parser.fault(), state == HeadState::kComplete ? parser.length() : 0};
}

Verdict parse_all_ways(const std::string& bytes, const HttpHeadLimits& limits = {}) {
    const Verdict whole = parse_in_steps(
        bytes, [&] { return bytes.size(); }, limits);
    EXPECT_EQ(parse_in_steps(
                  bytes, [] { return std::size_t{1}; }, limits),
              whole)
        << "byte by byte";
    for (unsigned seed = 1; seed <= 8; ++seed) {
        std::mt19937 engine(seed);
        const auto step = [&] {
            return std::uniform_int_distribution<std::size_t>(1, 1 + bytes.size() / seed)(engine);
        };
        EXPECT_EQ(parse_in_steps(bytes, step, limits), whole) << "random steps, seed " << seed;
    }
    return whole;
}

struct Parsed {
    std::string bytes;
    HttpHeadParser parser;
    explicit Parsed(std::string head) : bytes(std::move(head)) {
        EXPECT_EQ(parser.parse(bytes), HeadState::kComplete) << describe(parser.fault());
    }
    const HttpHead* operator->() const { return &parser.head(); }
};

TEST(HttpHead, ReadsABrowsersRequest) {
    const std::string bytes =
        "GET /v1/ws?session=a%20b&x={1|2} HTTP/1.1\r\n"
        "Host: chat.example.com:8080\r\n"
        "Connection: keep-alive, Upgrade\r\n"
        "User-Agent:Mozilla/5.0 (X11; Linux x86_64)\r\n"
        "Cookie: \t a=b; name=\xc3\xa4  \r\n"
        "X-Empty:\r\n"
        "Upgrade: websocket\r\n"
        "\r\n";
    EXPECT_EQ(parse_all_ways(bytes), (Verdict{HeadState::kComplete, HeadFault::kNone, bytes.size()}));
    const Parsed head(bytes + "left over");
    EXPECT_EQ(head.parser.length(), bytes.size());
    EXPECT_EQ(head->method, "GET");
    EXPECT_EQ(head->target, "/v1/ws?session=a%20b&x={1|2}");
    EXPECT_EQ(head->path, "/v1/ws");
    EXPECT_EQ(head->query, "session=a%20b&x={1|2}");
    EXPECT_EQ(head->minor_version, 1);
    EXPECT_EQ(head->framing, BodyFraming::kNone);
    EXPECT_EQ(head->field_count(), 6U);
    EXPECT_EQ(head->find("COOKIE"), "a=b; name=\xc3\xa4");
    EXPECT_EQ(head->find("x-empty"), "");
    EXPECT_EQ(head->find("x-absent"), std::nullopt);
    EXPECT_EQ(head->field(2).name, "User-Agent");
    EXPECT_TRUE(head->has_token("connection", "upgrade"));
    EXPECT_FALSE(head->has_token("connection", "upgrad"));
    EXPECT_TRUE(head->keep_alive());
}

TEST(HttpHead, ReadsFramingOfTheBody) {
    const Parsed none("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(none->framing, BodyFraming::kNone);
    const Parsed length("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775807\r\n\r\n");
    EXPECT_EQ(length->framing, BodyFraming::kLength);
    EXPECT_EQ(length->content_length, 9223372036854775807U);
    const Parsed chunked("POST / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\n\r\n");
    EXPECT_EQ(chunked->framing, BodyFraming::kChunked);
}

TEST(HttpHead, ListsAreReadAcrossFieldsAndEmptyElements) {
    const Parsed head("GET / HTTP/1.1\r\nHost: h\r\nConnection: ,\t, a\r\nconnection: b , close\r\n\r\n");
    EXPECT_EQ(head->count("Connection"), 2U);
    EXPECT_TRUE(head->has_token("connection", "CLOSE"));
    EXPECT_FALSE(head->keep_alive());
}

TEST(HttpHead, Http10NeedsNoHostAndIsNeverKeptAlive) {
    const Parsed head("GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(head->minor_version, 0);
    EXPECT_FALSE(head->keep_alive());
}

TEST(HttpHead, IsReadAgainAfterReset) {
    HttpHeadParser parser;
    EXPECT_EQ(parser.parse("GET / HTTP/2.0\r\n"), HeadState::kRefused);
    EXPECT_EQ(parser.parse("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), HeadState::kRefused);
    parser.reset();
    EXPECT_EQ(parser.parse("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), HeadState::kComplete);
    EXPECT_EQ(parser.head().field_count(), 1U);
}

// The scan looks at eight bytes at a time; no byte may hide from it at any place in a word.
TEST(HttpHead, EveryByteIsJudgedAlikeAtEveryPlace) {
    for (unsigned byte = 0; byte <= 0xff; ++byte) {
        const bool is_text = (byte >= 0x20 && byte != 0x7f) || byte == '\t';
        const bool is_line_end = byte == '\r' || byte == '\n';
        const HeadFault expected = is_text       ? HeadFault::kNone
                                   : is_line_end ? HeadFault::kBareLineEnd
                                                 : HeadFault::kControlByte;
        for (std::size_t place = 0; place < 24; ++place) {
            std::string value(40, 'v');
            value[place] = static_cast<char>(byte);
            HttpHeadParser parser;
            const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\nX: a" + value + "\r\n\r\n";
            ASSERT_EQ(parser.parse(bytes), is_text ? HeadState::kComplete : HeadState::kRefused)
                << byte << " at " << place;
            ASSERT_EQ(parser.fault(), expected) << byte << " at " << place;
        }
    }
}

struct Accepted {
    const char* name;
    std::string bytes;
};
void PrintTo(const Accepted& accepted, std::ostream* out) { *out << accepted.name; }

class HttpHeadAccepted : public testing::TestWithParam<Accepted> {};

TEST_P(HttpHeadAccepted, AtAnyCut) {
    EXPECT_EQ(parse_all_ways(GetParam().bytes),
              (Verdict{HeadState::kComplete, HeadFault::kNone, GetParam().bytes.size()}));
}

const Accepted kAccepted[] = {
    {"EmptyLineFirst", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"Asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"UnknownMethod", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"EmptyPathSegments", "GET //a//b/ HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"DotsInsideSegments", "GET /a.b/..c/.../%2e%2e%2e HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"DotsInQuery", "GET /a?/../%zz HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"HostWithPort", "GET / HTTP/1.1\r\nHost: h:65535\r\n\r\n"},
    {"HostEmptyPort", "GET / HTTP/1.1\r\nHost: h:\r\n\r\n"},
    {"HostIpv6", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"},
    {"HostUnderscore", "GET / HTTP/1.1\r\nHost: a_b.local\r\n\r\n"},
    {"ObsText", "GET / HTTP/1.1\r\nHost: h\r\nX: \x80\xff\r\n\r\n"},
    {"ColonInValue", "GET / HTTP/1.1\r\nHost: h\r\nX: a: b\r\n\r\n"},
};
INSTANTIATE_TEST_SUITE_P(Rfc9112, HttpHeadAccepted, testing::ValuesIn(kAccepted),
                         [](const auto& accepted) { return accepted.param.name; });

struct Hostile {
    const char* name;
    std::string bytes;
    HeadFault fault;
    int status = 400;
};
void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.name; }

class HttpHeadHostile : public testing::TestWithParam<Hostile> {};

TEST_P(HttpHeadHostile, IsRefusedAtAnyCut) {
    const Verdict verdict = parse_all_ways(GetParam().bytes);
    EXPECT_EQ(verdict, (Verdict{HeadState::kRefused, GetParam().fault, 0}));
    EXPECT_EQ(status_of(verdict.fault), GetParam().status);
}

std::string with(const std::string& fields) { return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"; }
std::string line(const std::string& request_line) { return request_line + "\r\nHost: h\r\n\r\n"; }
std::string host(const std::string& value) { return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n"; }

const Hostile kHostileLines[] = {
    {"BareLfEverywhere", "GET / HTTP/1.1\nHost: h\n\n", HeadFault::kBareLineEnd},
    {"BareLfAfterField", "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", HeadFault::kBareLineEnd},
    {"BareLfAsEnd", "GET / HTTP/1.1\r\nHost: h\r\n\n", HeadFault::kBareLineEnd},
    {"BareCrInValue", with("X: a\rb\r\n"), HeadFault::kBareLineEnd},
    {"CrCrLf", with("X: a\r\r\n"), HeadFault::kBareLineEnd},
    {"BareCrInRequestLine", line("GET /\rX HTTP/1.1"), HeadFault::kBareLineEnd},
    {"NulInValue", with("X: a\0b\r\n"s), HeadFault::kControlByte},
    {"NulInName", with("X\0: a\r\n"s), HeadFault::kControlByte},
    {"NulInTarget", line("GET /\0 HTTP/1.1"s), HeadFault::kControlByte},
    {"EscapeInValue", with("X: \x1b[2J\r\n"), HeadFault::kControlByte},
    {"DelInValue", with("X: \x7f\r\n"), HeadFault::kControlByte},
    {"VerticalTabAsBlank",
     with("Content-Length:\x0b"
          "5\r\n"),
     HeadFault::kControlByte},
    {"TlsHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, HeadFault::kControlByte},
    {"TwoEmptyLines", "\r\n\r\nGET / HTTP/1.1\r\n", HeadFault::kRequestLine},
    {"Http09", "GET /\r\n", HeadFault::kRequestLine},
    {"NoTarget", line("GET HTTP/1.1"), HeadFault::kRequestLine},
    {"EmptyTarget", line("GET  HTTP/1.1"), HeadFault::kRequestLine},
    {"TwoSpaces", line("GET  / HTTP/1.1"), HeadFault::kRequestLine},
    {"SpaceInTarget", line("GET /a b HTTP/1.1"), HeadFault::kRequestLine},
    {"SpaceAtEnd", line("GET / HTTP/1.1 "), HeadFault::kRequestLine},
    {"SpaceFirst", line(" GET / HTTP/1.1"), HeadFault::kMethod},
    {"TabAsBlank", line("GET\t/ HTTP/1.1"), HeadFault::kRequestLine},
    {"TabInTarget", line("GET /\ta HTTP/1.1"), HeadFault::kTarget},
    {"MethodNoToken", line("G(T / HTTP/1.1"), HeadFault::kMethod},
    {"MethodTooLong", line(std::string(33, 'A') + " / HTTP/1.1"), HeadFault::kMethod},
    {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HeadFault::kVersionNotSupported, 505},
    {"Http12", line("GET / HTTP/1.2"), HeadFault::kVersionNotSupported, 505},
    {"Http99", line("GET / HTTP/9.9"), HeadFault::kVersionNotSupported, 505},
    {"VersionCase", line("GET / http/1.1"), HeadFault::kVersion},
    {"VersionLong", line("GET / HTTP/1.10"), HeadFault::kVersion},
    {"VersionPadded", line("GET / HTTP/01.1"), HeadFault::kVersion},
    {"VersionOther", line("GET / ICY/1.1"), HeadFault::kVersion},
};
INSTANTIATE_TEST_SUITE_P(Lines, HttpHeadHostile, testing::ValuesIn(kHostileLines),
                         [](const auto& hostile) { return hostile.param.name; });

const Hostile kHostileTargets[] = {
    {"AbsoluteForm", line("GET http://other/ HTTP/1.1"), HeadFault::kTargetForm},
    {"AuthorityForm", line("CONNECT other:443 HTTP/1.1"), HeadFault::kTargetForm},
    {"ConnectWithPath", line("CONNECT / HTTP/1.1"), HeadFault::kTargetForm},
    {"AsteriskWithGet", line("GET * HTTP/1.1"), HeadFault::kTargetForm},
    {"RelativePath", line("GET a HTTP/1.1"), HeadFault::kTargetForm},
    {"Fragment", line("GET /a#b HTTP/1.1"), HeadFault::kTarget},
    {"FragmentInQuery", line("GET /a?b#c HTTP/1.1"), HeadFault::kTarget},
    {"Backslash", line("GET /a\\b HTTP/1.1"), HeadFault::kTarget},
    {"ObsTextInPath", line("GET /\xc3\xa4 HTTP/1.1"), HeadFault::kTarget},
    {"ObsTextInQuery", line("GET /?\xc3\xa4 HTTP/1.1"), HeadFault::kTarget},
    {"EscapeCut", line("GET /a%2 HTTP/1.1"), HeadFault::kTarget},
    {"EscapeNoHex", line("GET /a%2g HTTP/1.1"), HeadFault::kTarget},
    {"EscapedNul", line("GET /a%00 HTTP/1.1"), HeadFault::kTarget},
    {"DotDot", line("GET /a/../b HTTP/1.1"), HeadFault::kTarget},
    {"DotDotLast", line("GET /a/.. HTTP/1.1"), HeadFault::kTarget},
    {"DotDotEscaped", line("GET /a/%2E./b HTTP/1.1"), HeadFault::kTarget},
    {"Dot", line("GET /./a HTTP/1.1"), HeadFault::kTarget},
    {"DotEscaped", line("GET /a/%2e HTTP/1.1"), HeadFault::kTarget},
};
INSTANTIATE_TEST_SUITE_P(Targets, HttpHeadHostile, testing::ValuesIn(kHostileTargets),
                         [](const auto& hostile) { return hostile.param.name; });

const Hostile kHostileFields[] = {
    {"ObsFold", with("X: a\r\n b\r\n"), HeadFault::kFoldedField},
    {"ObsFoldTab", with("X: a\r\n\tb\r\n"), HeadFault::kFoldedField},
    {"BlankBeforeFirstField", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", HeadFault::kFoldedField},
    {"SpaceBeforeColon", with("Content-Length : 5\r\n"), HeadFault::kFieldName},
    {"TabBeforeColon", with("Transfer-Encoding\t: chunked\r\n"), HeadFault::kFieldName},
    {"NoColon", with("X\r\n"), HeadFault::kFieldName},
    {"EmptyName", with(": a\r\n"), HeadFault::kFieldName},
    {"SpaceInName", with("X Y: a\r\n"), HeadFault::kFieldName},
    {"ObsTextInName", with("X\xe4: a\r\n"), HeadFault::kFieldName},
    {"NoHost", "GET / HTTP/1.1\r\nX: y\r\n\r\n", HeadFault::kHost},
    {"TwoHosts", with("hOST: other\r\n"), HeadFault::kHost},
    {"TwoEqualHosts", with("Host: h\r\n"), HeadFault::kHost},
    {"TwoHostsHttp10", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", HeadFault::kHost},
    {"TwoAuthorizations", with("Authorization: Bearer a\r\nauthorization: Bearer b\r\n"),
     HeadFault::kRepeatedField},
    {"TwoEqualAuthorizations", with("Authorization: Bearer a\r\nAuthorization: Bearer a\r\n"),
     HeadFault::kRepeatedField},
    {"EmptyHost", host(""), HeadFault::kHost},
    {"HostList", host("a, b"), HeadFault::kHost},
    {"HostWithUser", host("user@h"), HeadFault::kHost},
    {"HostWithPath", host("h/path"), HeadFault::kHost},
    {"HostWithSpace", host("a b"), HeadFault::kHost},
    {"HostBadPort", host("h:80a"), HeadFault::kHost},
    {"HostLongPort", host("h:123456"), HeadFault::kHost},
    {"HostOpenBracket", host("[::1"), HeadFault::kHost},
    {"HostTextInBrackets", host("[evil]"), HeadFault::kHost},
    {"HostEmptyBrackets", host("[]"), HeadFault::kHost},
};
INSTANTIATE_TEST_SUITE_P(Fields, HttpHeadHostile, testing::ValuesIn(kHostileFields),
                         [](const auto& hostile) { return hostile.param.name; });

const Hostile kHostileFraming[] = {
    {"LengthAndCoding", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
     HeadFault::kLengthAndCoding},
    {"CodingAndLength", with("Transfer-Encoding: chunked\r\ncontent-length: 0\r\n"),
     HeadFault::kLengthAndCoding},
    {"TwoLengths", with("Content-Length: 5\r\nContent-Length: 6\r\n"), HeadFault::kContentLength},
    {"TwoEqualLengths", with("Content-Length: 5\r\nContent-Length: 5\r\n"), HeadFault::kContentLength},
    {"LengthList", with("Content-Length: 5, 5\r\n"), HeadFault::kContentLength},
    {"LengthPlus", with("Content-Length: +5\r\n"), HeadFault::kContentLength},
    {"LengthMinus", with("Content-Length: -1\r\n"), HeadFault::kContentLength},
    {"LengthHex", with("Content-Length: 0x5\r\n"), HeadFault::kContentLength},
    {"LengthEmpty", with("Content-Length:\r\n"), HeadFault::kContentLength},
    {"LengthSpaces", with("Content-Length: 5 5\r\n"), HeadFault::kContentLength},
    {"LengthOver63Bits", with("Content-Length: 9223372036854775808\r\n"), HeadFault::kContentLength},
    {"LengthOver64Bits", with("Content-Length: 18446744073709551617\r\n"), HeadFault::kContentLength},
    {"TwoCodings", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
     HeadFault::kTransferCoding},
    {"CodingList", with("Transfer-Encoding: gzip, chunked\r\n"), HeadFault::kTransferCoding},
    {"ChunkedTwice", with("Transfer-Encoding: chunked, chunked\r\n"), HeadFault::kTransferCoding},
    {"ChunkedNotLast", with("Transfer-Encoding: chunked, identity\r\n"), HeadFault::kTransferCoding},
    {"CodingQuoted", with("Transfer-Encoding: \"chunked\"\r\n"), HeadFault::kTransferCoding},
    {"CodingParameter", with("Transfer-Encoding: chunked;x=y\r\n"), HeadFault::kTransferCoding},
    {"CodingEmpty", with("Transfer-Encoding:\r\n"), HeadFault::kTransferCoding},
    {"CodingHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HeadFault::kTransferCoding},
    {"CodingUnknown", with("Transfer-Encoding: xchunked\r\n"), HeadFault::kTransferCodingUnknown, 501},
    {"CodingIdentity", with("Transfer-Encoding: identity\r\n"), HeadFault::kTransferCodingUnknown, 501},
};
INSTANTIATE_TEST_SUITE_P(Framing, HttpHeadHostile, testing::ValuesIn(kHostileFraming),
                         [](const auto& hostile) { return hostile.param.name; });

TEST(HttpHeadLimit, EndsWithTheLastByteThatFits) {
    const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    EXPECT_EQ(parse_all_ways(bytes, {.head_bytes = bytes.size()}).state, HeadState::kComplete);
    for (std::size_t limit = 17; limit < bytes.size(); ++limit) {
        EXPECT_EQ(parse_all_ways(bytes, {.head_bytes = limit}),
                  (Verdict{HeadState::kRefused, HeadFault::kHeadTooLarge, 0}));
    }
    EXPECT_EQ(status_of(HeadFault::kHeadTooLarge), 431);
}

TEST(HttpHeadLimit, AppliesToTheTarget) {
    const HttpHeadLimits limits{.target_bytes = 10};
    EXPECT_EQ(parse_all_ways("GET /123456789 HTTP/1.1\r\nHost: h\r\n\r\n", limits).state,
              HeadState::kComplete);
    EXPECT_EQ(parse_all_ways("GET /1234567890 HTTP/1.1\r\n", limits).fault, HeadFault::kTargetTooLong);
    EXPECT_EQ(parse_all_ways("GET /" + std::string(100, 'a'), limits).fault, HeadFault::kTargetTooLong)
        << "before the line ends";
    EXPECT_EQ(status_of(HeadFault::kTargetTooLong), 414);
}

TEST(HttpHeadLimit, AppliesToTheNumberOfFields) {
    const std::string bytes = with("A: 1\r\nB: 2\r\n");
    EXPECT_EQ(parse_all_ways(bytes, {.fields = 3}).state, HeadState::kComplete);
    EXPECT_EQ(parse_all_ways(bytes, {.fields = 2}).fault, HeadFault::kTooManyFields);
    std::string most;
    for (std::size_t i = 1; i < kMaxHeadFields; ++i)
        most += "A: 1\r\n";
    EXPECT_EQ(parse_all_ways(with(most), {.fields = 1000}).state, HeadState::kComplete);
    EXPECT_EQ(parse_all_ways(with(most + "A: 1\r\n"), {.fields = 1000}).fault, HeadFault::kTooManyFields);
    EXPECT_EQ(status_of(HeadFault::kTooManyFields), 431);
}

TEST(HttpHeadLimit, HoldsForTheLargestHeadThatCanBeSet) {
    std::string bytes = with("A: " + std::string(kMaxHeadBytes, 'a') + "\r\n");
    EXPECT_EQ(parse_in_steps(bytes, [&] { return bytes.size(); }, {.head_bytes = 1U << 20}).fault,
              HeadFault::kHeadTooLarge);
    bytes.erase(bytes.find("aaa"), bytes.size() - kMaxHeadBytes);
    EXPECT_EQ(parse_in_steps(bytes, [&] { return bytes.size(); }, {.head_bytes = 1U << 20}),
              (Verdict{HeadState::kComplete, HeadFault::kNone, kMaxHeadBytes}));
}

// What trickles in byte by byte must not be read again from the start: with a step per byte, 60 KiB would
// be 1.8 GB.
TEST(HttpHeadLimit, EveryPrefixAsksForMore) {
    const std::string bytes = with("X: " + std::string(60000, 'a') + "\r\n");
    HttpHeadParser parser({.head_bytes = kMaxHeadBytes});
    for (std::size_t size = 1; size < bytes.size(); ++size) {
        ASSERT_EQ(parser.parse(std::string_view(bytes).substr(0, size)), HeadState::kNeedMore);
    }
    EXPECT_EQ(parser.parse(bytes), HeadState::kComplete);
}

}  // namespace
}  // namespace streamhost::net
