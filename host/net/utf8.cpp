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

// One 64-bit row per byte: six bits per state, holding the next state times six, so that a step is one shift
// by the state
// ("shift-based DFA", Per Vognsen). The row does not depend on the state, so loads run ahead; a table indexed
// by both would wait for each of its own results. kRejected leads to itself, which lets whole blocks go by
// before anyone looks.
constexpr unsigned kBits = 6;
static_assert(kStates * kBits <= 64);

constexpr std::array<std::uint64_t, 256> make_table() {
    std::array<std::uint64_t, 256> table{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        std::uint64_t next[kStates];
        for (std::uint64_t& state : next)
            state = kRejected;
        for (const Range& range : kWellFormed) {
            if (byte >= range.low && byte <= range.high) next[range.from] = range.to;
        }
        for (unsigned state = 0; state < kStates; ++state)
            table[byte] |= next[state] * kBits << state * kBits;
    }
    return table;
}

constexpr auto kNext = make_table();

constexpr std::uint64_t step(std::uint64_t state, std::uint8_t byte) noexcept {
    return kNext[byte] >> (state & 63);
}

bool eight_ascii(const std::uint8_t* bytes) noexcept {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return (word & 0x8080808080808080U) == 0;
}

}  // namespace

bool Utf8Validator::feed(std::span<const std::uint8_t> bytes) noexcept {
    const std::uint8_t* at = bytes.data();
    const std::uint8_t* const end = at + bytes.size();
    std::uint64_t state = state_;
    while (end - at >= 8) {
        if ((state & 63) != kBetween || !eight_ascii(at)) {
            for (int i = 0; i < 8; ++i)
                state = step(state, at[i]);
        }
        at += 8;
    }
    while (at != end)
        state = step(state, *at++);
    state_ = static_cast<std::uint8_t>(state & 63);
    return !rejected();
}

bool Utf8Validator::rejected() const noexcept { return state_ == kRejected * kBits; }

bool is_utf8(std::span<const std::uint8_t> bytes) noexcept {
    Utf8Validator validator;
    return validator.feed(bytes) && validator.complete();
}

}  // namespace streamhost::net
