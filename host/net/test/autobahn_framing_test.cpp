// The cases of the Autobahn test suite (crossbario/autobahn-testsuite, Apache-2.0), sections 1 to 5 and 7, as
// the decoder has to see them: what the suite calls an echo is a message here, what it calls a failed
// connection is the code that the decoder wants the connection closed with. Cases that differ from a
// neighbour only by how the suite cuts its bytes are listed all the same; every case is played at all cuts.
#include "ws_script.hpp"

namespace streamhost::net::test {
namespace {

const std::string kHello = "Hello, world!";
const std::string kBinary = std::string("\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 8);
const Frame kClose1000{8, close_payload(1000)};

Script plain(std::string number, std::vector<Frame> sent, std::vector<Seen> expected, std::size_t chop = 0) {
    return {std::move(number), [sent] { return sent; }, [expected] { return expected; }, chop};
}

// The suite closes after a case that went well, and wants that close answered.
Script clean(std::string number, std::vector<Frame> sent, std::vector<Seen> expected, std::size_t chop = 0) {
    sent.push_back(kClose1000);
    expected.push_back(closed(1000));
    return plain(std::move(number), std::move(sent), std::move(expected), chop);
}

class AutobahnFraming : public testing::TestWithParam<Script> {};

TEST_P(AutobahnFraming, IsSeenAsTheSuiteExpects) {
    const Bytes bytes = encode(GetParam().sent());
    const std::vector<Seen> expected = GetParam().expected();
    expect_seen(bytes, expected, GetParam().smallest);
    if (GetParam().chop != 0) {
        EXPECT_EQ(play(bytes, pieces_of(GetParam().chop), {}), expected);
    }
}

std::vector<Script> section1() {
    const std::size_t sizes[] = {0, 125, 126, 127, 128, 65535, 65536, 65536};
    std::vector<Script> cases;
    for (std::size_t i = 0; i < std::size(sizes); ++i) {
        const std::size_t chop = i == 7 ? 997 : 0;
        const std::string stars(sizes[i], '*');
        const std::string bytes(sizes[i], '\xfe');
        cases.push_back(clean("1.1." + std::to_string(i + 1), {{1, stars}}, {text(stars)}, chop));
        cases.push_back(clean("1.2." + std::to_string(i + 1), {{2, bytes}}, {binary(bytes)}, chop));
    }
    return cases;
}

std::vector<Script> section2() {
    const std::string full(125, '\xfe');
    const std::string unsolicited = "unsolicited pong payload";
    std::vector<Frame> pings;
    std::vector<Seen> seen;
    for (int i = 0; i < 10; ++i) {
        pings.push_back({9, "payload-" + std::to_string(i)});
        seen.push_back(ping("payload-" + std::to_string(i)));
    }
    return {
        clean("2.1", {{9}}, {ping("")}),
        clean("2.2", {{9, kHello}}, {ping(kHello)}),
        clean("2.3", {{9, kBinary}}, {ping(kBinary)}),
        clean("2.4", {{9, full}}, {ping(full)}),
        plain("2.5", {{9, full + '\xfe'}}, {failed(1002)}),
        clean("2.6", {{9, full}}, {ping(full)}, 1),
        clean("2.7", {{10}}, {pong("")}),
        clean("2.8", {{10, unsolicited}}, {pong(unsolicited)}),
        clean("2.9", {{10, unsolicited}, {9, "ping payload"}}, {pong(unsolicited), ping("ping payload")}),
        clean("2.10", pings, seen),
        clean("2.11", pings, seen, 1),
    };
}

std::vector<Script> section3() {
    const auto rsv = [](int opcode, const std::string& payload, int bits) {
        return Frame{opcode, payload, true, bits};
    };
    return {
        plain("3.1", {rsv(1, kHello, 1)}, {failed(1002)}),
        plain("3.2", {{1, kHello}, rsv(1, kHello, 2), {9}}, {text(kHello), failed(1002)}),
        plain("3.3", {{1, kHello}, rsv(1, kHello, 3), {9}}, {text(kHello), failed(1002)}, 19),
        plain("3.4", {{1, kHello}, rsv(1, kHello, 4), {9}}, {text(kHello), failed(1002)}, 1),
        plain("3.5", {rsv(2, kBinary, 5)}, {failed(1002)}),
        plain("3.6", {rsv(9, kHello, 6)}, {failed(1002)}),
        plain("3.7", {rsv(8, "", 7)}, {failed(1002)}),
    };
}

// 4.1: opcodes 3 to 7, 4.2: opcodes 11 to 15; the first two alone, the others between a message and a ping.
std::vector<Script> section4() {
    std::vector<Script> cases;
    for (int i = 1; i <= 5; ++i) {
        for (const int group : {1, 2}) {
            const Frame bad{i + (group == 1 ? 2 : 10), i == 2 || i >= 4 ? kHello : ""};
            const std::string number = "4." + std::to_string(group) + "." + std::to_string(i);
            if (i <= 2) {
                cases.push_back(plain(number, {bad}, {failed(1002)}));
            } else {
                cases.push_back(
                    plain(number, {{1, kHello}, bad, {9}}, {text(kHello), failed(1002)}, i == 5 ? 1 : 0));
            }
        }
    }
    return cases;
}

Frame part(int opcode, int number, bool fin) { return {opcode, "fragment" + std::to_string(number), fin}; }

std::vector<Script> section5() {
    const std::vector<Frame> two{part(1, 1, false), part(0, 2, true)};
    const std::vector<Frame> two_and_ping{two[0], {9, "ping payload"}, two[1]};
    const std::vector<Seen> two_and_ping_seen{ping("ping payload"), text("fragment1fragment2")};
    const std::vector<Frame> stray{{0, "non-continuation payload", true}, {1, kHello}};
    const std::vector<Frame> open_stray{{0, "non-continuation payload", false}, {1, kHello}};
    const std::vector<Frame> five{part(1, 1, false), part(0, 2, false), {9, "pongme 1!"}, part(0, 3, false),
                                  part(0, 4, false), {9, "pongme 2!"},  part(0, 5, true)};
    const std::vector<Seen> five_seen{ping("pongme 1!"), ping("pongme 2!"),
                                      text("fragment1fragment2fragment3fragment4fragment5")};
    const auto twice = [](bool fin) {
        return std::vector<Frame>{part(0, 1, fin), part(1, 2, false), part(0, 3, true),
                                  part(0, 1, fin), part(1, 2, false), part(0, 3, true)};
    };
    return {
        plain("5.1", {part(9, 1, false), part(0, 2, true)}, {failed(1002)}),
        plain("5.2", {part(10, 1, false), part(0, 2, true)}, {failed(1002)}),
        clean("5.3", two, {text("fragment1fragment2")}),
        clean("5.4", two, {text("fragment1fragment2")}, 15),
        clean("5.5", two, {text("fragment1fragment2")}, 1),
        clean("5.6", two_and_ping, two_and_ping_seen),
        clean("5.7", two_and_ping, two_and_ping_seen, 15),
        clean("5.8", two_and_ping, two_and_ping_seen, 1),
        plain("5.9", stray, {failed(1002)}),
        plain("5.10", stray, {failed(1002)}, 30),
        plain("5.11", stray, {failed(1002)}, 1),
        plain("5.12", open_stray, {failed(1002)}),
        plain("5.13", open_stray, {failed(1002)}, 30),
        plain("5.14", open_stray, {failed(1002)}, 1),
        plain("5.15", {part(1, 1, false), part(0, 2, true), part(0, 3, false), part(1, 4, true)},
              {text("fragment1fragment2"), failed(1002)}),
        plain("5.16", twice(false), {failed(1002)}),
        plain("5.17", twice(true), {failed(1002)}),
        plain("5.18", {part(1, 1, false), part(1, 2, true)}, {failed(1002)}),
        clean("5.19", five, five_seen),
        clean("5.20", five, five_seen, 15),
    };
}

std::vector<Script> section7() {
    const std::string long_text = [] {
        std::string payload;
        while (payload.size() < 256 * 1024)
            payload += "BAsd7&jh23";
        payload.resize(256 * 1024);
        return payload;
    }();
    const std::string bad_reason =
        "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64";
    std::vector<Script> cases{
        clean("7.1.1", {{1, "Hello World!"}}, {text("Hello World!")}),
        plain("7.1.2", {kClose1000, {8}}, {closed(1000)}),
        plain("7.1.3", {kClose1000, {9}}, {closed(1000)}),
        plain("7.1.4", {kClose1000, {1, "Hello World!"}}, {closed(1000)}),
        plain("7.1.5", {part(1, 1, false), kClose1000, part(0, 2, true)}, {closed(1000)}),
        plain("7.1.6", {{1, long_text}, {1, "Hello World!"}, kClose1000, {9}},
              {text(long_text), text("Hello World!"), closed(1000)}),
        plain("7.3.1", {{8}}, {closed(kWsNoStatus)}),
        plain("7.3.2", {{8, "a"}}, {failed(1002)}),
        plain("7.3.3", {kClose1000}, {closed(1000)}),
        plain("7.3.4", {{8, close_payload(1000, "Hello World!")}}, {closed(1000, "Hello World!")}),
        plain("7.3.5", {{8, close_payload(1000, std::string(123, '*'))}},
              {closed(1000, std::string(123, '*'))}),
        plain("7.3.6", {{8, close_payload(1000, std::string(124, '*'))}}, {failed(1002)}),
        plain("7.5.1", {{8, close_payload(1000, bad_reason)}}, {failed(1007)}),
        plain("7.13.1", {{8, close_payload(5000)}}, {failed(1002)}),
        plain("7.13.2", {{8, close_payload(65535)}}, {failed(1002)}),
    };
    int number = 0;
    for (const unsigned code :
         {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999}) {
        cases.push_back(plain("7.7." + std::to_string(++number), {{8, close_payload(code)}}, {closed(code)}));
    }
    number = 0;
    for (const unsigned code : {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999}) {
        cases.push_back(plain("7.9." + std::to_string(++number), {{8, close_payload(code)}}, {failed(1002)}));
    }
    return cases;
}

INSTANTIATE_TEST_SUITE_P(Section1, AutobahnFraming, testing::ValuesIn(section1()), test_name);
INSTANTIATE_TEST_SUITE_P(Section2, AutobahnFraming, testing::ValuesIn(section2()), test_name);
INSTANTIATE_TEST_SUITE_P(Section3, AutobahnFraming, testing::ValuesIn(section3()), test_name);
INSTANTIATE_TEST_SUITE_P(Section4, AutobahnFraming, testing::ValuesIn(section4()), test_name);
INSTANTIATE_TEST_SUITE_P(Section5, AutobahnFraming, testing::ValuesIn(section5()), test_name);
INSTANTIATE_TEST_SUITE_P(Section7, AutobahnFraming, testing::ValuesIn(section7()), test_name);

}  // namespace
}  // namespace streamhost::net::test
