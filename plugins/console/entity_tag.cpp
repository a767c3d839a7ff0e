#include "entity_tag.hpp"

#include <cstdint>

namespace console {
namespace {

// RFC 9110 5.6.1: empty members of a list are legal and mean nothing.
void skip_separators(std::string_view& rest) noexcept {
    const std::size_t next = rest.find_first_not_of(" \t,");
    rest.remove_prefix(next == std::string_view::npos ? rest.size() : next);
}

// The next tag without its W/, taken off `rest`; empty when none comes. A tag may hold commas and spaces.
std::string_view take_tag(std::string_view& rest) noexcept {
    skip_separators(rest);
    if (rest.starts_with("W/")) rest.remove_prefix(2);
    if (!rest.starts_with('"')) return {};
    const std::size_t end = rest.find('"', 1);
    if (end == std::string_view::npos) return {};
    const std::string_view tag = rest.substr(0, end + 1);
    rest.remove_prefix(end + 1);
    return tag;
}

}  // namespace

std::string entity_tag_of(std::string_view bytes) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char byte : bytes)
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
    std::string tag = "\"" + std::to_string(bytes.size()) + "-";
    for (int shift = 60; shift >= 0; shift -= 4)
        tag += kHex[hash >> shift & 15];
    return tag + '"';
}

bool names_tag(std::string_view field, std::string_view tag) noexcept {
    if (field == "*") return true;
    while (true) {
        const std::string_view next = take_tag(field);
        if (next.empty()) return false;
        if (next == tag) return true;
    }
}

}  // namespace console
