#include "position.hpp"

#include <algorithm>
#include <charconv>

#include "streamhost/json.hpp"
#include "streamhost/whole_number.hpp"

namespace gateway {

namespace {

bool is_check_digit(char byte) noexcept {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

}  // namespace

std::optional<sh_position> parse_position(std::string_view text) noexcept {
    if (text == "0") return sh_position{0, 0};
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || text.front() == '0') return std::nullopt;
    const std::string_view check = text.substr(dot + 1);
    if (check.size() != 16 || !std::all_of(check.begin(), check.end(), is_check_digit)) return std::nullopt;
    const auto seq = streamhost::whole_number<std::uint64_t>(text.substr(0, dot));
    const auto digest = streamhost::whole_number<std::uint64_t>(check, 16);
    if (!seq || *seq > kMaxSeq || !digest) return std::nullopt;
    return sh_position{*seq, *digest};
}

char* write_position(char* out, sh_position position) noexcept {
    if (position.seq == 0) {
        *out = '0';
        return out + 1;
    }
    out = std::to_chars(out, out + kMaxPositionBytes, position.seq).ptr;
    *out++ = '.';
    const auto digits = streamhost::hex16(position.check);
    return std::copy(digits.begin(), digits.end(), out);
}

std::string position_text(sh_position position) {
    char text[kMaxPositionBytes];
    return {text, write_position(text, position)};
}

}  // namespace gateway
