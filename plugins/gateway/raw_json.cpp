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

// visit(name, value) for each member of an object, or element of an array, until it says false. The name has
// its quotes, an element has none. Ends at what is no JSON.
template <typename Visit>
void walk(std::string_view json, Visit&& visit) {
    std::size_t at = skip_white(json, 0);
    if (at >= json.size() || (json[at] != '{' && json[at] != '[')) return;
    const bool is_object = json[at] == '{';
    for (at = skip_white(json, at + 1); at < json.size() && json[at] != ']' && json[at] != '}';) {
        std::string_view name;
        if (is_object) {
            if (json[at] != '"') return;
            const std::size_t name_end = skip_string(json, at);
            name = json.substr(at, name_end - at);
            at = skip_white(json, name_end);
            if (at >= json.size() || json[at] != ':') return;
            at = skip_white(json, at + 1);
        }
        const std::size_t end = skip_value(json, at);
        if (!visit(name, json.substr(at, end - at))) return;
        at = skip_white(json, end);
        if (at < json.size() && json[at] == ',') at = skip_white(json, at + 1);
    }
}

}  // namespace

std::vector<std::string_view> raw_values(std::string_view json) {
    std::vector<std::string_view> values;
    walk(json, [&](std::string_view /*name*/, std::string_view value) {
        values.push_back(value);
        return true;
    });
    return values;
}

std::string_view plain_member(std::string_view text, std::string_view name, std::size_t max_bytes) noexcept {
    std::string_view found;
    walk(text, [&](std::string_view key, std::string_view value) {
        if (without_quotes(key) != name) return true;
        if (is_plain(value, max_bytes)) found = value;
        return false;
    });
    return found;
}

std::string_view without_quotes(std::string_view json_string) noexcept {
    return json_string.size() < 2 ? std::string_view() : json_string.substr(1, json_string.size() - 2);
}

}  // namespace gateway
