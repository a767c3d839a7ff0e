// JSON text without a tree: escaping once, splicing ready pieces. Reading is the plugin's choice.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace streamhost {

// Appends the content of a JSON string (RFC 8259, 7) without quotes. `text` is valid UTF-8.
inline void append_escaped(std::string& out, std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::size_t plain = 0;
    for (std::size_t index = 0; index < text.size(); ++index) {
        const auto byte = static_cast<unsigned char>(text[index]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text.substr(plain, index - plain));
        plain = index + 1;
        switch (byte) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15u];
        }
    }
    out.append(text.substr(plain));
}

[[nodiscard]] inline std::string json_string(std::string_view text) {
    std::string out = "\"";
    append_escaped(out, text);
    out += '"';
    return out;
}

// The elements of a list, as JSON text each, as `show` makes it.
template <typename List, typename Show>
[[nodiscard]] std::string json_array(const List& list, Show&& show) {
    std::string out = "[";
    for (const auto& element : list) {
        if (out.size() > 1) out += ',';
        out += show(element);
    }
    return out + ']';
}
// Of texts.
template <typename List>
[[nodiscard]] std::string json_array(const List& texts) {
    return json_array(texts, [](std::string_view text) { return json_string(text); });
}

// The value of a string member of an object that this project wrote itself (run states, end records): names
// are unique in it and values need no unescaping. Empty when there is none. For anything a client wrote use a
// JSON parser.
[[nodiscard]] inline std::string_view own_member(std::string_view object, std::string_view name) noexcept {
    for (std::size_t at = object.find(name); at != std::string_view::npos; at = object.find(name, at + 1)) {
        const std::string_view rest = object.substr(at + name.size());
        if (at == 0 || object[at - 1] != '"' || rest.substr(0, 3) != "\":\"") continue;
        return rest.substr(3, rest.find('"', 3) - 3);
    }
    return {};
}

// The 16 hex digits of a check.
[[nodiscard]] inline std::array<char, 16> hex16(std::uint64_t value) noexcept {
    std::array<char, 16> out{};
    for (std::size_t index = out.size(); index-- > 0; value >>= 4)
        out[index] = "0123456789abcdef"[value & 15u];
    return out;
}

}  // namespace streamhost
