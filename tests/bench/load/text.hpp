#pragma once

#include <cstdint>
#include <span>

namespace streamhost::load {

constexpr std::size_t kLeastTextBytes = 32;

// Fills `out`, at least kLeastTextBytes, with what says who it is from and which one it is: two numbers of
// ten digits, then letters that follow from both. Nothing in it needs escaping in JSON.
inline void write_text(std::span<char> out, std::uint64_t from, std::uint64_t number) {
    const auto write_number = [&out](std::size_t at, std::uint64_t value) {
        for (std::size_t digit = at + 10; digit-- > at; value /= 10)
            out[digit] = static_cast<char>('0' + value % 10);
        out[at + 10] = ' ';
    };
    write_number(0, from);
    write_number(11, number);
    auto letter = static_cast<unsigned>((from + number) % 26);
    for (char& c : out.subspan(22)) {
        c = static_cast<char>('a' + letter);
        letter = letter == 25 ? 0 : letter + 1;
    }
}

}  // namespace streamhost::load
