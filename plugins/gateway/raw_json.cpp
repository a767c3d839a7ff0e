#include "raw_json.hpp"

#include <algorithm>
#include <cstddef>

namespace gateway {

namespace {

constexpr std::string_view kWhite = " \t\r\n";
constexpr std::size_t kMaxDigits = 18;  // what every reader takes for an integer

std::size_t skip_white(std::string_view json, std::size_t at) noexcept {
    at = json.find_first_not_of(kWhite, at);
    return at == std::string_view::npos ? json.size() : at;
}

// `at` is the opening quote; answers the place after the closing one.
std::size_t skip_string(std::string_view json, std::size_t at) noexcept {
    ++at;
    while ((at = json.find_first_of("\"\\", at)) != std::string_view::npos) {
        if (json[at] == '"') return at + 1;
        at += 2;  // with what is escaped
        if (at >= json.size()) break;
    }
    return json.size();
}

std::size_t skip_nested(std::string_view json, std::size_t at) noexcept {
    std::size_t depth = 0;
    while ((at = json.find_first_of("\"{}[]", at)) != std::string_view::npos) {
        if (json[at] == '"') {
            at = skip_string(json, at);
            continue;
        }
        depth = json[at] == '{' || json[at] == '[' ? depth + 1 : depth - 1;
        ++at;
        if (depth == 0) return at;
    }
    return json.size();
}

std::size_t skip_value(std::string_view json, std::size_t at) noexcept {
    if (at >= json.size()) return json.size();
    if (json[at] == '"') return skip_string(json, at);
    if (json[at] == '{' || json[at] == '[') return skip_nested(json, at);
    const std::size_t end = json.find_first_of(",]} \t\r\n", at);
    return end == std::string_view::npos ? json.size() : end;
}

bool is_plain(std::string_view value, std::size_t max_bytes) noexcept {
    if (value.empty() || value.size() > max_bytes) return false;
    if (value.front() != '"') {
        const std::string_view digits = value.substr(value.front() == '-' ? 1 : 0);
        return !digits.empty() && digits.size() <= kMaxDigits &&
               (digits.size() == 1 || digits.front() != '0') &&
               digits.find_first_not_of("0123456789") == std::string_view::npos;
    }
    if (value.size() < 2 || value.back() != '"') return false;
    const std::string_view content = value.substr(1, value.size() - 2);
    return std::none_of(content.begin(), content.end(), [](char byte) {
        return byte == '"' || byte == '\\' || static_cast<unsigned char>(byte) < 0x20;
    });
}

}  // namespace

std::vector<std::string_view> raw_values(std::string_view json) {
    std::vector<std::string_view> values;
    std::size_t at = skip_white(json, 0);
    if (at >= json.size()) return values;
    const bool is_object = json[at] == '{';
    for (at = skip_white(json, at + 1); at < json.size() && json[at] != ']' && json[at] != '}';) {
        if (is_object) {
            at = skip_white(json, skip_string(json, at));  // the name
            at = skip_white(json, at + 1);                 // the colon
        }
        const std::size_t end = skip_value(json, at);
        values.push_back(json.substr(at, end - at));
        at = skip_white(json, end);
        if (at < json.size() && json[at] == ',') at = skip_white(json, at + 1);
    }
    return values;
}

std::string_view plain_member(std::string_view text, std::string_view name, std::size_t max_bytes) noexcept {
    std::size_t at = skip_white(text, 0);
    if (at >= text.size() || text[at] != '{') return {};
    for (at = skip_white(text, at + 1); at < text.size() && text[at] == '"';) {
        const std::size_t name_end = skip_string(text, at);
        const std::string_view key = without_quotes(text.substr(at, name_end - at));
        at = skip_white(text, name_end);
        if (at >= text.size() || text[at] != ':') return {};
        at = skip_white(text, at + 1);
        const std::size_t end = skip_value(text, at);
        if (key == name)
            return is_plain(text.substr(at, end - at), max_bytes) ? text.substr(at, end - at) : "";
        at = skip_white(text, end);
        if (at < text.size() && text[at] == ',') at = skip_white(text, at + 1);
    }
    return {};
}

std::string_view without_quotes(std::string_view json_string) noexcept {
    return json_string.size() < 2 ? std::string_view() : json_string.substr(1, json_string.size() - 2);
}

}  // namespace gateway
