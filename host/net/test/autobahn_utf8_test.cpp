// Section 6 of the Autobahn test suite (crossbario/autobahn-testsuite, Apache-2.0): UTF-8 in text messages.
// Its byte sequences are those of Markus Kuhn's "UTF-8 decoder capability and stress test". 6.5 to 6.23 are
// tables; 6.4 needs the fail-fast decoder.
#include "ws_script.hpp"

namespace streamhost::net::test {
namespace {

const Frame kClose1000{8, close_payload(1000)};
const std::string kKosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

Script valid(std::string number, std::vector<Frame> frames, std::string message) {
    frames.push_back(kClose1000);
    return {std::move(number), [frames] { return frames; },
            [message] {
                return std::vector{text(message), closed(1000)};
            }};
}

Script invalid(std::string number, std::vector<Frame> frames) {
    return {std::move(number), [frames] { return frames; }, [] { return std::vector{failed(1007)}; }};
}

std::vector<Frame> one_byte_fragments(const std::string& payload) {
    std::vector<Frame> frames;
    for (std::size_t i = 0; i < payload.size(); ++i) {
        frames.push_back({i == 0 ? 1 : 0, payload.substr(i, 1), i + 1 == payload.size()});
    }
    return frames;
}

class AutobahnUtf8 : public testing::TestWithParam<Script> {};

TEST_P(AutobahnUtf8, IsSeenAsTheSuiteExpects) {
    expect_seen(encode(GetParam().sent()), GetParam().expected());
}

std::vector<Script> section6_fragments() {
    const std::string middle = "middle frame payload";
    const std::string first = "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4";
    const std::string second = "\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!";
    const std::string edited = kKosme + "\xed\xa0\x80" + "edited";
    return {
        valid("6.1.1", {{1, ""}}, ""),
        valid("6.1.2", {{1, "", false}, {0, "", false}, {0, ""}}, ""),
        valid("6.1.3", {{1, "", false}, {0, middle, false}, {0, ""}}, middle),
        valid("6.2.1", {{1, first + second}}, first + second),
        valid("6.2.2", {{1, first, false}, {0, second}}, first + second),
        valid("6.2.3", one_byte_fragments(first + second), first + second),
        valid("6.2.4", one_byte_fragments(kKosme), kKosme),
        invalid("6.3.1", {{1, edited}}),
        invalid("6.3.2", one_byte_fragments(edited)),
    };
}

struct Group {
    int number;  // the 5 of 6.5.1
    std::vector<std::pair<bool, std::string>> texts;
};

std::vector<std::pair<bool, std::string>> all(bool is_valid, std::vector<std::string> texts) {
    std::vector<std::pair<bool, std::string>> result;
    for (std::string& each : texts)
        result.emplace_back(is_valid, std::move(each));
    return result;
}

std::string run_of(unsigned first, unsigned end, const char* between) {
    std::string bytes;
    for (unsigned byte = first; byte < end; ++byte)
        bytes.append(1, static_cast<char>(byte)).append(between);
    return bytes;
}

Group prefixes() {
    Group group{6, {}};
    for (std::size_t size = 1; size <= kKosme.size(); ++size) {
        const bool between = size == 2 || size == 5 || size == 7 || size == 9 || size == 11;
        group.texts.emplace_back(between, kKosme.substr(0, size));
    }
    return group;
}

// U+FFFE, U+FFFF and the last two of each plane: no characters, yet valid UTF-8 (RFC 3629).
Group non_characters() {
    Group group{22, all(true, {"\xef\xbf\xbe", "\xef\xbf\xbf"})};
    for (const char lead : {'\xf0', '\xf1', '\xf2', '\xf3', '\xf4'}) {
        for (const char second : {'\x8f', '\x9f', '\xaf', '\xbf'}) {
            const bool overlong = lead == '\xf0' && second == '\x8f';
            const bool beyond = lead == '\xf4' && second != '\x8f';
            if (overlong || beyond) continue;
            for (const char last : {'\xbe', '\xbf'})
                group.texts.emplace_back(true, std::string{lead, second, '\xbf', last});
        }
    }
    return group;
}

std::vector<Group> groups() {
    const std::vector<std::string> cut_short{
        "\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
        "\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"};
    std::string cut_short_joined;
    for (const std::string& each : cut_short)
        cut_short_joined += each;
    return {
        {5, all(true, {"hello\x24world", "hello\xC2\xA2world", "hello\xE2\x82\xACworld",
                       "hello\xF0\xA4\xAD\xA2world", kKosme})},
        prefixes(),
        {7, all(true, {std::string(1, '\0'), "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"})},
        {8, all(false, {"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"})},
        {9, all(true, {"\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"})},
        {10, all(false, {"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"})},
        {11,
         {{true, "\xed\x9f\xbf"},
          {true, "\xee\x80\x80"},
          {true, "\xef\xbf\xbd"},
          {true, "\xf4\x8f\xbf\xbf"},
          {false, "\xf4\x90\x80\x80"}}},
        {12, all(false, {"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf",
                         "\x80\xbf\x80\xbf\x80", "\x80\xbf\x80\xbf\x80\xbf", run_of(0x80, 0xbf, "")})},
        {13, all(false, {run_of(0xc0, 0xdf, " "), run_of(0xe0, 0xef, " "), run_of(0xf0, 0xf7, " "),
                         run_of(0xf8, 0xfb, " "), run_of(0xfc, 0xfd, " ")})},
        {14, all(false, cut_short)},
        {15, all(false, {cut_short_joined})},
        {16, all(false, {"\xfe", "\xff", "\xfe\xfe\xff\xff"})},
        {17, all(false, {"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf",
                         "\xfc\x80\x80\x80\x80\xaf"})},
        {18, all(false, {"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf",
                         "\xfc\x83\xbf\xbf\xbf\xbf"})},
        {19, all(false, {"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80",
                         "\xfc\x80\x80\x80\x80\x80"})},
        {20, all(false, {"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80",
                         "\xed\xbe\x80", "\xed\xbf\xbf"})},
        {21, all(false, {"\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80",
                         "\xed\xad\xbf\xed\xbf\xbf", "\xed\xae\x80\xed\xb0\x80", "\xed\xae\x80\xed\xbf\xbf",
                         "\xed\xaf\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf"})},
        non_characters(),
        {23, all(true, {"\xef\xbf\xb9", "\xef\xbf\xba", "\xef\xbf\xbb", "\xef\xbf\xbc", "\xef\xbf\xbd",
                        "\xef\xbf\xbe", "\xef\xbf\xbf"})},
    };
}

std::vector<Script> section6_tables() {
    std::vector<Script> cases;
    for (const Group& group : groups()) {
        for (std::size_t i = 0; i < group.texts.size(); ++i) {
            const auto& [is_valid, payload] = group.texts[i];
            const std::string number = "6." + std::to_string(group.number) + "." + std::to_string(i + 1);
            cases.push_back(is_valid ? valid(number, {{1, payload}}, payload)
                                     : invalid(number, {{1, payload}}));
        }
    }
    return cases;
}

INSTANTIATE_TEST_SUITE_P(Section6, AutobahnUtf8, testing::ValuesIn(section6_fragments()), test_name);
INSTANTIATE_TEST_SUITE_P(Section6Tables, AutobahnUtf8, testing::ValuesIn(section6_tables()), test_name);

// 6.4: the first part passes and nothing is said yet; the byte that makes the text impossible is refused when
// it arrives, in the middle of a message (6.4.1, 6.4.2) or even of a frame (6.4.3, 6.4.4), not when the rest
// has come.
const std::string kBeyond = kKosme + "\xf4\x90\x80\x80" + "edited";

void expect_refused_by_second(const Bytes& first, const Bytes& second) {
    Listener listener;
    listener.feed(first.data(), first.size());
    EXPECT_TRUE(listener.seen().empty());
    listener.feed(second.data(), second.size());
    EXPECT_EQ(listener.seen(), std::vector{failed(1007)});
}

TEST(AutobahnUtf8FailFast, Case_6_4_1) {
    expect_refused_by_second(encode({{1, kKosme, false}}),
                             encode({{0, kBeyond.substr(kKosme.size(), 4), false}}));
}

TEST(AutobahnUtf8FailFast, Case_6_4_2) {
    expect_refused_by_second(encode({{1, kBeyond.substr(0, 12), false}}),
                             encode({{0, kBeyond.substr(12, 1), false}}));
}

TEST(AutobahnUtf8FailFast, Case_6_4_3) {
    const Bytes frame = encode({{1, kBeyond}});
    const auto cut = frame.begin() + 6 + static_cast<std::ptrdiff_t>(kKosme.size());
    expect_refused_by_second({frame.begin(), cut}, {cut, cut + 4});
}

TEST(AutobahnUtf8FailFast, Case_6_4_4) {
    const Bytes frame = encode({{1, kBeyond}});
    expect_refused_by_second({frame.begin(), frame.begin() + 18}, {frame.begin() + 18, frame.begin() + 19});
}

}  // namespace
}  // namespace streamhost::net::test
