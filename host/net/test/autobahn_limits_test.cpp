// Sections 9 and 10 of the Autobahn test suite (crossbario/autobahn-testsuite, Apache-2.0): big messages,
// many fragments, many small messages, automatic fragments. The suite measures seconds over a socket; here
// the sizes are the suite's, and only the smallest cut of the biggest messages is coarser than a byte, to
// stay within seconds under sanitizers.
#include "ws_script.hpp"

namespace streamhost::net::test {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
constexpr std::size_t kBytewise = 256 * kKiB;  // up to here byte by byte too

const std::string kTextPattern = "BAsd7&jh23";
const std::string kBinaryPattern = std::string("\x00\xfe\x23\xfa\xf0", 5);

std::string fill(const std::string& pattern, std::size_t size) {
    std::string payload;
    payload.reserve(size + pattern.size());
    while (payload.size() < size)
        payload += pattern;
    payload.resize(size);
    return payload;
}

std::string pattern_of(int opcode) { return opcode == 1 ? kTextPattern : kBinaryPattern; }

std::vector<Frame> fragments(int opcode, const std::string& payload, std::size_t size) {
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < payload.size(); at += size) {
        frames.push_back({at == 0 ? opcode : 0, payload.substr(at, size), at + size >= payload.size()});
    }
    return frames;
}

Script big(std::string number, int opcode, std::size_t size, std::size_t fragment, std::size_t chop) {
    const auto make = [=] { return fill(pattern_of(opcode), size); };
    return {std::move(number), [=] { return fragments(opcode, make(), fragment); },
            [=] { return std::vector{opcode == 1 ? text(make()) : binary(make())}; }, chop,
            size <= kBytewise ? std::size_t{1} : std::size_t{997}};
}

class AutobahnLimits : public testing::TestWithParam<Script> {};

TEST_P(AutobahnLimits, IsSeenAsTheSuiteExpects) {
    const Bytes bytes = encode(GetParam().sent());
    const std::vector<Seen> expected = GetParam().expected();
    const WsDecoderOptions options{.max_message_bytes = 16 * kMiB};
    EXPECT_EQ(play(bytes, pieces_of(bytes.size()), options), expected);
    EXPECT_EQ(play(bytes, pieces_of(GetParam().smallest), options), expected);
    EXPECT_EQ(play(bytes, random_pieces(1, 64 * kKiB), options), expected);
    EXPECT_EQ(
        play(bytes, pieces_of(4 * kKiB), {.delivery = WsDelivery::kPieces, .max_message_bytes = 16 * kMiB}),
        expected);
    if (GetParam().chop != 0) {
        EXPECT_EQ(play(bytes, pieces_of(GetParam().chop), options), expected);
    }
}

// 9.1, 9.2: one frame. 9.3, 9.4: 4 MiB in fragments. 9.5, 9.6: 1 MiB in chops.
std::vector<Script> section9(int opcode) {
    const int shift = opcode == 1 ? 0 : 1;
    const auto number = [](int group, std::size_t i) {
        return "9." + std::to_string(group) + "." + std::to_string(i + 1);
    };
    const std::size_t sizes[] = {64 * kKiB, 256 * kKiB, kMiB, 4 * kMiB, 8 * kMiB, 16 * kMiB};
    const std::size_t fragment_sizes[] = {64,        256,        kKiB, 4 * kKiB, 16 * kKiB,
                                          64 * kKiB, 256 * kKiB, kMiB, 4 * kMiB};
    const std::size_t chops[] = {64, 128, 256, 512, 1024, 2048};
    std::vector<Script> cases;
    for (std::size_t i = 0; i < std::size(sizes); ++i) {
        cases.push_back(big(number(1 + shift, i), opcode, sizes[i], sizes[i], 0));
    }
    for (std::size_t i = 0; i < std::size(fragment_sizes); ++i) {
        cases.push_back(big(number(3 + shift, i), opcode, 4 * kMiB, fragment_sizes[i], 0));
    }
    for (std::size_t i = 0; i < std::size(chops); ++i) {
        cases.push_back(big(number(5 + shift, i), opcode, kMiB, kMiB, chops[i]));
    }
    return cases;
}

// 9.7, 9.8: a thousand messages of one size.
std::vector<Script> section9_many() {
    const std::size_t sizes[] = {0, 16, 64, 256, 1024, 4096};
    std::vector<Script> cases;
    for (std::size_t i = 0; i < std::size(sizes); ++i) {
        for (const int opcode : {1, 2}) {
            const std::string payload(sizes[i], opcode == 1 ? '*' : '\xfe');
            cases.push_back(
                {"9." + std::to_string(6 + opcode) + "." + std::to_string(i + 1),
                 [=] {
                     return std::vector<Frame>(1000, Frame{opcode, payload});
                 },
                 [=] { return std::vector<Seen>(1000, opcode == 1 ? text(payload) : binary(payload)); }, 0,
                 sizes[i] <= 64 ? std::size_t{1} : std::size_t{61}});
        }
    }
    return cases;
}

INSTANTIATE_TEST_SUITE_P(Section9Text, AutobahnLimits, testing::ValuesIn(section9(1)), test_name);
INSTANTIATE_TEST_SUITE_P(Section9Binary, AutobahnLimits, testing::ValuesIn(section9(2)), test_name);
INSTANTIATE_TEST_SUITE_P(Section9Many, AutobahnLimits, testing::ValuesIn(section9_many()), test_name);
INSTANTIATE_TEST_SUITE_P(Section10, AutobahnLimits, testing::Values(big("10.1.1", 1, 65536, 1300, 0)),
                         test_name);

// 9.9.1 sends fragments without end for three seconds. A server with a limit has to stop it instead, at the
// header of the fragment that would cross the limit and not before.
TEST(AutobahnLimitsEndless, Case_9_9_1) {
    Listener listener({.max_message_bytes = 1 * kMiB});
    const std::string fragment(4 * kKiB, '*');
    const Bytes first = encode({{1, fragment, false}});
    const Bytes next = encode({{0, fragment, false}});
    listener.feed(first.data(), first.size());
    for (std::size_t i = 1; i < 256; ++i)
        listener.feed(next.data(), next.size());
    EXPECT_TRUE(listener.seen().empty());
    listener.feed(next.data(), 4);
    EXPECT_EQ(listener.seen(), std::vector{failed(1009)});
    EXPECT_TRUE(listener.decoder().resting());
}

}  // namespace
}  // namespace streamhost::net::test
