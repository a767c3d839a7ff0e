#include "net/proxy_header.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

using namespace std::string_literals;
using Source = ProxyHeader::Source;
using State = ProxyVerdict::State;

constexpr ProxyProtocol kAny = ProxyProtocol::kAny;

std::span<const std::uint8_t> bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

ProxyVerdict read(std::string_view text, ProxyProtocol accepted = kAny) {
    return read_proxy_header(bytes(text), accepted);
}

std::string client(std::string_view text) {
    const ProxyVerdict verdict = read(text);
    EXPECT_EQ(verdict.state, State::kComplete) << text;
    EXPECT_EQ(verdict.size, text.size());
    return verdict.header.source == Source::kClient ? verdict.header.client.text() : "-";
}

// A header of version 2: command, family and what comes behind its length.
std::string binary(char command, char family, const std::string& rest) {
    return "\r\n\r\n\0\r\nQUIT\n"s + command + family + static_cast<char>(rest.size() >> 8U) +
           static_cast<char>(rest.size() & 0xffU) + rest;
}

std::string addition(char type, const std::string& value) {
    return std::string(1, type) + static_cast<char>(value.size() >> 8U) +
           static_cast<char>(value.size() & 0xffU) + value;
}

const std::string kV4 =
    "\xc0\x00\x02\x01\xc0\x00\x02\x07\x9c\x40\x01\xbb"s;  // 192.0.2.1:40000 to 192.0.2.7:443
const std::string kV6 = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s +
                        "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"s + "\x9c\x40\x01\xbb"s;

TEST(ProxyHeaderText, NamesTheClient) {
    EXPECT_EQ(client("PROXY TCP4 192.0.2.1 192.0.2.7 40000 443\r\n"), "192.0.2.1:40000");
    EXPECT_EQ(client("PROXY TCP6 2001:DB8::1 ::1 65535 0\r\n"), "[2001:db8::1]:65535");
    EXPECT_EQ(client("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 1\r\n"), "192.0.2.1:1");
    EXPECT_EQ(client("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255:65535");
}

TEST(ProxyHeaderText, MayNotKnowTheClient) {
    EXPECT_EQ(read("PROXY UNKNOWN\r\n").header.source, Source::kUnknown);
    EXPECT_EQ(client("PROXY UNKNOWN whatever this is\r\n"), "-");
    const std::string longest = "PROXY UNKNOWN " + std::string(91, 'f') + "\r\n";
    ASSERT_EQ(longest.size(), 107u);
    EXPECT_EQ(client(longest), "-");
}

TEST(ProxyHeaderText, IsExactOrRefused) {
    for (const char* line : {"PROXY  TCP4 192.0.2.1 192.0.2.7 1 2\r\n",
                             "PROXY TCP4 192.0.2.1  192.0.2.7 1 2\r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 1 2 \r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 1 2 3\r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 1\r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 01 2\r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 1 02\r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 65536 2\r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 -1 2\r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 +1 2\r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 1 \r\n",
                             "PROXY TCP4 192.0.02.1 192.0.2.7 1 2\r\n",
                             "PROXY TCP4 ::1 ::1 1 2\r\n",
                             "PROXY TCP6 192.0.2.1 192.0.2.7 1 2\r\n",
                             "PROXY TCP6 ::1 nobody 1 2\r\n",
                             "PROXY TCP6 ::1%lo ::1 1 2\r\n",
                             "PROXY UDP4 192.0.2.1 192.0.2.7 1 2\r\n",
                             "PROXY tcp4 192.0.2.1 192.0.2.7 1 2\r\n",
                             "PROXY UNKNOWNS\r\n",
                             "PROXY \r\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 1 2\n",
                             "PROXY TCP4 192.0.2.1 192.0.2.7 1 2\rX",
                             "PROXY UNKNOWN \n\r\n"})
        EXPECT_EQ(read(line).state, State::kRefused) << line;
}

TEST(ProxyHeaderText, EndsInTime) {
    EXPECT_EQ(read("PROXY UNKNOWN " + std::string(92, 'f')).state, State::kNeedMore);
    EXPECT_EQ(read("PROXY UNKNOWN " + std::string(93, 'f')).state, State::kRefused);
    EXPECT_EQ(read("PROXY UNKNOWN " + std::string(92, 'f') + "\r\n").state, State::kRefused);
}

TEST(ProxyHeaderBinary, NamesTheClient) {
    EXPECT_EQ(client(binary(0x21, 0x11, kV4)), "192.0.2.1:40000");
    EXPECT_EQ(client(binary(0x21, 0x21, kV6)), "[2001:db8::1]:40000");
    EXPECT_EQ(client(binary(0x21, 0x31, std::string(216, '\0'))), "unix:");
}

TEST(ProxyHeaderBinary, MayBeTheProxysOwn) {
    EXPECT_EQ(read(binary(0x20, 0, "")).header.source, Source::kProxy);
    // Family and addresses of such a one are of no interest, but skipped.
    EXPECT_EQ(read(binary(0x20, 0x11, kV4)).header.source, Source::kProxy);
    EXPECT_EQ(client(binary(0x20, 0x77, "what is this?")), "-");
}

TEST(ProxyHeaderBinary, MayNotKnowTheClient) {
    for (const char family : {'\x00', '\x01', '\x02'})
        EXPECT_EQ(read(binary(0x21, family, "")).header.source, Source::kUnknown);
    for (const char family : {'\x10', '\x12'})
        EXPECT_EQ(read(binary(0x21, family, kV4)).header.source, Source::kUnknown) << "no stream";
    EXPECT_EQ(read(binary(0x21, 0x22, kV6)).header.source, Source::kUnknown);
}

TEST(ProxyHeaderBinary, IsExactOrRefused) {
    EXPECT_EQ(read(binary(0x11, 0x11, kV4)).state, State::kRefused) << "version 1 in the dress of 2";
    EXPECT_EQ(read(binary(0x31, 0x11, kV4)).state, State::kRefused) << "version 3";
    EXPECT_EQ(read(binary(0x22, 0x11, kV4)).state, State::kRefused) << "another command";
    EXPECT_EQ(read(binary(0x21, 0x41, kV4)).state, State::kRefused) << "another family";
    EXPECT_EQ(read(binary(0x21, 0x13, kV4)).state, State::kRefused) << "another transport";
    EXPECT_EQ(read(binary(0x21, 0x11, kV4.substr(1))).state, State::kRefused)
        << "too short for its addresses";
    EXPECT_EQ(read(binary(0x21, 0x21, kV4)).state, State::kRefused);
    EXPECT_EQ(read(binary(0x21, 0x31, std::string(215, '\0'))).state, State::kRefused);
}

TEST(ProxyHeaderBinary, HasALimit) {
    const std::string fits =
        binary(0x21, 0x11, kV4 + addition(4, std::string(kMaxProxyHeaderBytes - 16 - 12 - 3, 'x')));
    EXPECT_EQ(fits.size(), kMaxProxyHeaderBytes);
    EXPECT_EQ(client(fits), "192.0.2.1:40000");
    const std::string larger =
        binary(0x21, 0x11, kV4 + addition(4, std::string(kMaxProxyHeaderBytes - 16 - 12 - 2, 'x')));
    EXPECT_EQ(read(larger.substr(0, 16)).state, State::kRefused) << "before it is waited for";
}

TEST(ProxyHeaderBinary, SkipsWhatProxiesAdd) {
    const std::string more = addition(1, "http/1.1") + addition(2, "chat.example") +
                             addition(0x20, std::string(30, '\0')) + addition('\xee', "");
    EXPECT_EQ(client(binary(0x21, 0x11, kV4 + more)), "192.0.2.1:40000");
    EXPECT_EQ(read(binary(0x21, 0x11, kV4 + "\x04")).state, State::kRefused)
        << "ends in an addition's length";
    EXPECT_EQ(read(binary(0x21, 0x11, kV4 + "\x04\x00\x02x"s)).state, State::kRefused) << "ends in its value";
    EXPECT_EQ(read(binary(0x21, 0x11, kV4 + "\x04\xff\xff"s)).state, State::kRefused);
}

TEST(ProxyHeaderBinary, ChecksASum) {
    // Made with another program.
    const std::string good = binary(0x21, 0x11, kV4 + addition(3, "\x4f\xb2\x00\xef"s));
    EXPECT_EQ(client(good), "192.0.2.1:40000");
    for (std::size_t at = 16; at < good.size(); ++at) {
        std::string other = good;
        other[at] ^= 1;
        if (at < 28 || at > 30) {
            EXPECT_EQ(read(other).state, State::kRefused) << at;
        }
    }
    EXPECT_EQ(read(binary(0x21, 0x11, kV4 + addition(3, "abc"))).state, State::kRefused);
    EXPECT_EQ(read(binary(0x21, 0x11, kV4 + addition(3, "\0\0\0\0"s) + addition(3, "\0\0\0\0"s))).state,
              State::kRefused);
}

TEST(ProxyHeader, IsOfAVersionThatIsAccepted) {
    const std::string first = "PROXY TCP4 192.0.2.1 192.0.2.7 40000 443\r\n";
    const std::string second = binary(0x21, 0x11, kV4);
    EXPECT_EQ(read(first, ProxyProtocol::kV1).state, State::kComplete);
    EXPECT_EQ(read(first, ProxyProtocol::kV2).state, State::kRefused);
    EXPECT_EQ(read(second, ProxyProtocol::kV1).state, State::kRefused);
    EXPECT_EQ(read(second, ProxyProtocol::kV2).state, State::kComplete);
    EXPECT_EQ(read("GET / HTTP/1.1\r\n").state, State::kRefused);
}

// ------------------------------------------------------------------------- the beginning of a connection, in
// pieces

const std::string kHeaders[] = {"PROXY TCP4 192.0.2.1 192.0.2.7 40000 443\r\n", "PROXY UNKNOWN\r\n",
                                binary(0x21, 0x11, kV4), binary(0x21, 0x21, kV6 + addition(1, "http/1.1")),
                                binary(0x20, 0, "")};
const std::string kNext = "GET / HTTP/1.1\r\n";

// As a socket gives it: all that waits is shown, and what was taken shows no more.
struct Reading {
    ProxyPreface preface;
    std::string waiting;
    ProxyPreface::State come(std::string_view more) {
        waiting += more;
        const auto state = preface.take(bytes(waiting));
        waiting.erase(0, preface.taken());
        return state;
    }
};

TEST(ProxyPreface, TakesTheHeaderAndNothingElseAtEverySplit) {
    for (const std::string& header : kHeaders) {
        const std::string whole = header + kNext;
        for (std::size_t cut = 1; cut < whole.size(); ++cut) {
            Reading reading{{kAny, true}, {}};
            const auto first = reading.come(whole.substr(0, cut));
            EXPECT_EQ(first,
                      cut < header.size() ? ProxyPreface::State::kNeedMore : ProxyPreface::State::kAccepted)
                << cut;
            if (first == ProxyPreface::State::kNeedMore) {
                EXPECT_TRUE(reading.waiting.empty()) << "the loop would spin";
                EXPECT_EQ(reading.come(whole.substr(cut)), ProxyPreface::State::kAccepted) << cut;
                EXPECT_EQ(reading.waiting, kNext);
            } else {
                EXPECT_EQ(reading.waiting, whole.substr(header.size(), cut - header.size()));
            }
            EXPECT_EQ(reading.preface.header().source, read(header).header.source);
            EXPECT_EQ(reading.preface.header().client, read(header).header.client);
        }
    }
}

TEST(ProxyPreface, TakesAHeaderByteByByte) {
    for (const std::string& header : kHeaders) {
        Reading reading{{kAny, true}, {}};
        for (std::size_t at = 0; at + 1 < header.size(); ++at)
            ASSERT_EQ(reading.come(header.substr(at, 1)), ProxyPreface::State::kNeedMore);
        EXPECT_EQ(reading.come(header.substr(header.size() - 1)), ProxyPreface::State::kAccepted);
    }
}

TEST(ProxyPreface, RefusesAHeaderOfSomebodyWhoIsNoProxyAtEverySplit) {
    for (const std::string& header : kHeaders) {
        for (std::size_t cut = 1; cut < header.size(); ++cut) {
            Reading reading{{kAny, false}, {}};
            const auto first = reading.come(header.substr(0, cut));
            if (first != ProxyPreface::State::kNeedMore) {
                EXPECT_EQ(first, ProxyPreface::State::kUntrusted);
                continue;
            }
            EXPECT_LT(cut, 12u) << "by then it is one for sure";
            EXPECT_EQ(reading.come(header.substr(cut)), ProxyPreface::State::kUntrusted);
        }
    }
}

TEST(ProxyPreface, ServesSomebodyElseWithoutAHeader) {
    for (const std::string& request :
         {"GET / HTTP/1.1\r\n"s, "POST / HTTP/1.1\r\n"s, "PROPFIND / HTTP/1.1\r\n"s,
          "\r\n\r\nGET / HTTP/1.1"s, "\x16\x03\x01"s}) {
        for (std::size_t cut = 1; cut < request.size(); ++cut) {
            Reading reading{{kAny, false}, {}};
            auto state = reading.come(request.substr(0, cut));
            if (state == ProxyPreface::State::kNeedMore)
                state = reading.come(request.substr(cut));
            else
                reading.waiting += request.substr(cut);
            EXPECT_EQ(state, ProxyPreface::State::kDirect);
            const auto held = reading.preface.held();
            EXPECT_EQ(std::string(held.begin(), held.end()) + reading.waiting, request) << "no byte is lost";
        }
    }
}

TEST(ProxyPreface, MissesTheHeaderOfAProxy) {
    Reading direct{{kAny, true}, {}};
    EXPECT_EQ(direct.come("GET / HTTP/1.1\r\n"), ProxyPreface::State::kMissing);
    Reading late{{kAny, true}, {}};
    EXPECT_EQ(late.come("PRO"), ProxyPreface::State::kNeedMore);
    EXPECT_EQ(late.come("PFIND / HTTP/1.1\r\n"), ProxyPreface::State::kMissing);
    Reading other{{ProxyProtocol::kV2, true}, {}};
    EXPECT_EQ(other.come(kHeaders[0]), ProxyPreface::State::kMalformed);
}

}  // namespace
}  // namespace streamhost::net
