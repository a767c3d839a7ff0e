// Percent-encoded text of a path or a query. Source: RFC 3986, section 2.1. Pure.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace streamhost {

enum class Plus { kIsItself = 1, kIsASpace };  // the second as forms write it

// Nothing: a % without two hexadecimal digits.
[[nodiscard]] inline std::optional<std::string> percent_decoded(std::string_view text,
                                                                Plus plus = Plus::kIsItself) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at] == '+' && plus == Plus::kIsASpace ? ' ' : text[at];
            continue;
        }
        unsigned char byte = 0;
        const std::string_view digits = text.substr(at + 1, 2);
        const char* end = digits.data() + digits.size();
        if (digits.size() != 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end)
            return std::nullopt;
        out += static_cast<char>(byte);
        at += 2;
    }
    return out;
}

}  // namespace streamhost
