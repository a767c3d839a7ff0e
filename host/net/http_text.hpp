#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace streamhost::net {

// The character classes and small words of RFC 9110 5.6 and RFC 3986 that the head parser, the handshake and
// the router share. Locale never plays a part here: <cctype> would let it. All functions are [any] and pure.

enum CharClass : std::uint8_t {
    kTokenChar = 1,
    kPathChar = 2,
    kQueryChar = 4,
    kHostChar = 8,
    kDigitChar = 16,
    kHexChar = 32
};

constexpr std::array<std::uint8_t, 256> make_char_classes() {
    std::array<std::uint8_t, 256> table{};
    const auto add = [&table](std::string_view chars, unsigned classes) {
        for (const char c : chars)
            table[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(classes);
    };
    // Browsers leave more unescaped in a query than RFC 3986 allows (WHATWG URL, query percent-encode set),
    // so only what that set escapes is refused there.
    for (unsigned c = 0x21; c <= 0x7e; ++c) {
        if (c != '"' && c != '#' && c != '<' && c != '>') table[c] |= kQueryChar;
    }
    add("0123456789", kTokenChar | kPathChar | kHostChar | kDigitChar | kHexChar);
    add("abcdefABCDEF", kTokenChar | kPathChar | kHostChar | kHexChar);
    add("ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ", kTokenChar | kPathChar | kHostChar);
    add("-._~", kTokenChar | kPathChar | kHostChar);
    add("!$&'*+", kTokenChar | kPathChar);
    add("#%^`|", kTokenChar);
    add("%(),;=:@/", kPathChar);
    return table;
}

inline constexpr auto kCharClasses = make_char_classes();

[[nodiscard]] constexpr bool is_char(char c, CharClass wanted) noexcept {
    return (kCharClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

[[nodiscard]] constexpr bool all_chars(std::string_view text, CharClass wanted) noexcept {
    for (const char c : text) {
        if (!is_char(c, wanted)) return false;
    }
    return true;
}

[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
    return !text.empty() && all_chars(text, kTokenChar);
}

[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    }
    return true;
}

// Without the optional white space (SP, HTAB) at both ends.
[[nodiscard]] constexpr std::string_view trim_blanks(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// Cuts the next element off a comma separated list, trimmed, maybe empty. Call while the list is not empty.
// For lists of tokens: a quoted string may hold a comma, and this does not know that.
[[nodiscard]] constexpr std::string_view next_element(std::string_view& list) noexcept {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim_blanks(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    return element;
}

}  // namespace streamhost::net
