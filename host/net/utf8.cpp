#include "net/utf8.hpp"

#include <array>
#include <cstring>

namespace streamhost::net {
namespace {

// What may come next. kOneLeft to kThreeLeft accept any continuation byte; the four after them stand behind
// the lead bytes whose second byte has a narrower range (table 3-7: E0, ED, F0, F4), which is what keeps out
// overlongs and surrogates.
enum State : std::uint8_t {
    kBetween,
    kOneLeft,
    kTwoLeft,
    kThreeLeft,
    kAfterE0,
    kAfterEd,
    kAfterF0,
    kAfterF4,
    kRejected,
    kStates
};

struct Range {
    State from;
    std::uint8_t low;
    std::uint8_t high;
    State to;
};

constexpr Range kWellFormed[] = {
    {kBetween, 0x00, 0x7f, kBetween}, {kBetween, 0xc2, 0xdf, kOneLeft},   {kBetween, 0xe0, 0xe0, kAfterE0},
    {kBetween, 0xe1, 0xec, kTwoLeft}, {kBetween, 0xed, 0xed, kAfterEd},   {kBetween, 0xee, 0xef, kTwoLeft},
    {kBetween, 0xf0, 0xf0, kAfterF0}, {kBetween, 0xf1, 0xf3, kThreeLeft}, {kBetween, 0xf4, 0xf4, kAfterF4},
    {kOneLeft, 0x80, 0xbf, kBetween}, {kTwoLeft, 0x80, 0xbf, kOneLeft},   {kThreeLeft, 0x80, 0xbf, kTwoLeft},
    {kAfterE0, 0xa0, 0xbf, kOneLeft}, {kAfterEd, 0x80, 0x9f, kOneLeft},   {kAfterF0, 0x90, 0xbf, kTwoLeft},
    {kAfterF4, 0x80, 0x8f, kTwoLeft},
};

using Row = std::array<std::uint8_t, 256>;

constexpr std::array<Row, kStates> make_table() {
    std::array<Row, kStates> table{};
    for (Row& row : table)
        row.fill(kRejected);
    for (const Range& range : kWellFormed) {
        for (unsigned byte = range.low; byte <= range.high; ++byte)
            table[range.from][byte] = range.to;
    }
    return table;
}

constexpr auto kNext = make_table();

bool eight_ascii(const std::uint8_t* bytes) noexcept {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return (word & 0x8080808080808080U) == 0;
}

}  // namespace

bool Utf8Validator::feed(std::span<const std::uint8_t> bytes) noexcept {
    const std::uint8_t* at = bytes.data();
    const std::uint8_t* const end = at + bytes.size();
    std::uint8_t state = state_;
    while (at != end) {
        if (state == kBetween) {
            while (end - at >= 8 && eight_ascii(at))
                at += 8;
            if (at == end) break;
        }
        state = kNext[state][*at++];
        if (state == kRejected) break;
    }
    state_ = state;
    return state != kRejected;
}

bool Utf8Validator::rejected() const noexcept { return state_ == kRejected; }

bool is_utf8(std::span<const std::uint8_t> bytes) noexcept {
    Utf8Validator validator;
    return validator.feed(bytes) && validator.complete();
}

}  // namespace streamhost::net
