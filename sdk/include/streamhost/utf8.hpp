// Text that has to fit. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace streamhost {

// At most `max_bytes` of it, cut before a code point that would not fit whole. `text` is valid UTF-8.
[[nodiscard]] constexpr std::string_view cut_utf8(std::string_view text, std::size_t max_bytes) noexcept {
    if (text.size() <= max_bytes) return text;
    while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xC0u) == 0x80u)
        --max_bytes;
    return text.substr(0, max_bytes);
}

}  // namespace streamhost
