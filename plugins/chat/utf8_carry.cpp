#include "utf8_carry.hpp"

#include <cstdint>

namespace chat {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Lead {
    std::size_t length = 0;  // 0: no code point begins like this
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xBF;  // of the second byte (RFC 3629, 4)
};

Lead lead_of(std::uint8_t byte) {
    if (byte < 0x80) return {1};
    if (byte >= 0xC2 && byte <= 0xDF) return {2};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte >= 0xE1 && byte <= 0xEF) return {3};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte >= 0xF1 && byte <= 0xF3) return {4};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {};
}

struct Part {
    std::size_t length = 0;  // bytes that belong together
    bool whole = false;
    bool open = false;  // could still become whole
};

Part part_at(std::string_view text) {
    const Lead lead = lead_of(static_cast<std::uint8_t>(text[0]));
    if (lead.length == 0) return {1};
    for (std::size_t index = 1; index < lead.length; ++index) {
        if (index == text.size()) return {index, false, true};
        const auto byte = static_cast<std::uint8_t>(text[index]);
        const bool fits = index == 1 ? byte >= lead.low && byte <= lead.high : byte >= 0x80 && byte <= 0xBF;
        if (!fits) return {index};
    }
    return {lead.length, true};
}

}  // namespace

std::string Utf8Carry::add(std::string_view piece) {
    std::string text = std::move(carried_);
    carried_.clear();
    text += piece;
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = std::string_view(text).substr(at);
        const Part part = part_at(rest);
        if (part.open) {
            carried_ = rest;
            break;
        }
        out += part.whole ? rest.substr(0, part.length) : kReplacement;
        at += part.length;
    }
    return out;
}

std::string Utf8Carry::finish() {
    const bool cut = !carried_.empty();
    carried_.clear();
    return std::string(cut ? kReplacement : std::string_view());
}

}  // namespace chat
