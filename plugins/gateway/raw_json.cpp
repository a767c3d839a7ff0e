#include "raw_json.hpp"

#include <algorithm>
#include <cstddef>

namespace gateway {

namespace {

constexpr std::size_t kMaxDigits = 18;  // what every reader takes for an integer

constexpr bool is_white(char byte) noexcept {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}
constexpr bool ends_scalar(char byte) noexcept {
    return byte == ',' || byte == ']' || byte == '}' || is_white(byte);
}

std::size_t skip_white(std::string_view json, std::size_t at) noexcept {
    while (at < json.size() && is_white(json[at]))
        ++at;
    return at;
}

// `at` is the opening quote; answers the place after the closing one. A search for one byte takes many at a
// time, one for two of them looks at each; so quotes are looked for, and what stands in front of them.
std::size_t skip_string(std::string_view json, std::size_t at) noexcept {
    while ((at = json.find('"', at + 1)) != std::string_view::npos) {
        std::size_t escapes = at;
        while (json[escapes - 1] == '\\')
            --escapes;
        if ((at - escapes) % 2 == 0) return at + 1;
    }
    return json.size();
}

// `at` is the opening bracket.
std::size_t skip_nested(std::string_view json, std::size_t at) noexcept {
    std::size_t depth = 0;
    while (at < json.size()) {
        const char byte = json[at];
        if (byte == '"') {
            at = skip_string(json, at);
            continue;
        }
        ++at;
        if (byte == '{' || byte == '[') ++depth;
        if ((byte == '}' || byte == ']') && --depth == 0) return at;
    }
    return json.size();
}

std::size_t skip_value(std::string_view json, std::size_t at) noexcept {
    if (at >= json.size()) return json.size();
    if (json[at] == '"') return skip_string(json, at);
    if (json[at] == '{' || json[at] == '[') return skip_nested(json, at);
    while (at < json.size() && !ends_scalar(json[at]))
        ++at;
    return at;
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

// The text of the value that begins at `at`, which moves to the next one, or to the closing bracket.
std::string_view take_value(std::string_view json, std::size_t& at) noexcept {
    const std::size_t begin = at;
    const std::size_t end = skip_value(json, begin);
    at = skip_white(json, end);
    if (at < json.size() && json[at] == ',') at = skip_white(json, at + 1);
    return json.substr(begin, end - begin);
}

bool is_open(std::string_view json, std::size_t at) noexcept {
    return at < json.size() && json[at] != ']' && json[at] != '}';
}

}  // namespace

RawValues::RawValues(std::string_view json) noexcept : json_(json), at_(skip_white(json, 0)) {
    const bool is_list = at_ < json.size() && (json[at_] == '{' || json[at_] == '[');
    is_object_ = is_list && json[at_] == '{';
    at_ = is_list ? skip_white(json, at_ + 1) : json.size();
}

std::optional<RawValues::Member> RawValues::next() noexcept {
    if (!is_open(json_, at_)) return std::nullopt;
    Member member;
    if (is_object_) {
        if (json_[at_] != '"') return end();
        const std::size_t name_end = skip_string(json_, at_);
        member.name = json_.substr(at_, name_end - at_);
        at_ = skip_white(json_, name_end);
        if (at_ >= json_.size() || json_[at_] != ':') return end();
        at_ = skip_white(json_, at_ + 1);
    }
    member.value = take_value(json_, at_);
    return member;
}

std::optional<RawValues::Member> RawValues::end() noexcept {
    at_ = json_.size();
    return std::nullopt;
}

std::string_view plain_member(std::string_view text, std::string_view name, std::size_t max_bytes) noexcept {
    RawValues members(text);
    while (const auto member = members.next()) {
        if (without_quotes(member->name) != name) continue;
        return is_plain(member->value, max_bytes) ? member->value : std::string_view();
    }
    return {};
}

std::string_view without_quotes(std::string_view json_string) noexcept {
    return json_string.size() < 2 ? std::string_view() : json_string.substr(1, json_string.size() - 2);
}

}  // namespace gateway
