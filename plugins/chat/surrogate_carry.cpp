#include "surrogate_carry.hpp"

#include <cstddef>

namespace chat {

namespace {

constexpr std::size_t kEscape = 6;  // \ud83d
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

enum class Half { none, first, second };

Half half_at(std::string_view json, std::size_t at) {
    if (at + kEscape > json.size() || json[at] != '\\' || json[at + 1] != 'u') return Half::none;
    if (json[at + 2] != 'd' && json[at + 2] != 'D') return Half::none;
    const char digit = json[at + 3];
    if (std::string_view("89abAB").find(digit) != std::string_view::npos) return Half::first;
    return std::string_view("cdefCDEF").find(digit) != std::string_view::npos ? Half::second : Half::none;
}

}  // namespace

std::string SurrogateCarry::mend(std::string_view json) {
    std::string out;
    out.reserve(json.size() + kEscape);
    for (std::size_t at = 0; at < json.size();) {
        if (json[at] != '\\') {
            const std::size_t next = json.find('\\', at);
            const std::size_t end = next == std::string_view::npos ? json.size() : next;
            out += json.substr(at, end - at);
            at = end;
            continue;
        }
        const Half half = half_at(json, at);
        if (half == Half::first && half_at(json, at + kEscape) == Half::second) {
            out += json.substr(at, 2 * kEscape);
            at += 2 * kEscape;
        } else if (half == Half::first) {
            if (!kept_.empty()) out += kReplacement;
            kept_ = json.substr(at, kEscape);
            at += kEscape;
        } else if (half == Half::second) {
            out += kept_.empty() ? std::string(kReplacement) : kept_ + std::string(json.substr(at, kEscape));
            kept_.clear();
            at += kEscape;
        } else {
            out += json.substr(at, 2);  // the escape and what it escapes
            at += 2;
        }
    }
    return out;
}

std::string_view SurrogateCarry::finish() {
    const bool is_left = !kept_.empty();
    kept_.clear();
    return is_left ? kReplacement : std::string_view();
}

}  // namespace chat
