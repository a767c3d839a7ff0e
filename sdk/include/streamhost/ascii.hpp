// Names of HTTP and of hosts, in which case does not count. Pure.
#pragma once

#include <algorithm>
#include <string_view>

namespace streamhost {

[[nodiscard]] constexpr char to_lower(char byte) noexcept {
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

// Of ASCII letters alone, whatever the locale.
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view one, std::string_view other) noexcept {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](char left, char right) { return to_lower(left) == to_lower(right); });
}

}  // namespace streamhost
