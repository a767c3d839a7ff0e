// Numbers and ids that nobody can guess or meet twice. [any]
#pragma once

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "streamhost/status.hpp"

namespace streamhost {

// The system's, see getrandom(2). Throws Failure(SH_UNAVAILABLE) when it has none.
template <std::size_t N>
[[nodiscard]] std::array<unsigned char, N> random_bytes() {
    static_assert(N <= 256, "so many come whole or not at all");
    std::array<unsigned char, N> bytes{};
    while (::getrandom(bytes.data(), N, 0) != static_cast<ssize_t>(N))
        if (errno != EINTR) throw Failure(SH_UNAVAILABLE, "the system has no random numbers");
    return bytes;
}

[[nodiscard]] inline std::uint64_t random_number() {
    std::uint64_t number = 0;
    for (const unsigned char byte : random_bytes<sizeof(number)>())
        number = number << 8 | byte;
    return number;
}

// 80 random bits as 16 of a-z 2-7: part of a session's or a run's id.
[[nodiscard]] inline std::string random_id() {
    constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
    std::string id;
    for (const unsigned char byte : random_bytes<16>())
        id += kDigits[byte & 31u];  // 5 bits of each
    return id;
}

}  // namespace streamhost
