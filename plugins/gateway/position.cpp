#include "position.hpp"

#include <algorithm>
#include <charconv>

#include "streamhost/json.hpp"

namespace gateway {

namespace {

bool is_check_digit(char byte) noexcept {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

template <typename Number>
bool read_whole(std::string_view text, int base, Number& out) noexcept {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, out, base);
    return error == std::errc() && stop == end;
}

}  // namespace

std::optional<sh_position> parse_position(std::string_view text) noexcept {
    if (text == "0") return sh_position{0, 0};
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || text.front() == '0') return std::nullopt;
    const std::string_view check = text.substr(dot + 1);
    sh_position position{};
    if (check.size() != 16 || !std::all_of(check.begin(), check.end(), is_check_digit)) return std::nullopt;
    if (!read_whole(text.substr(0, dot), 10, position.seq) || position.seq > kMaxSeq) return std::nullopt;
    if (!read_whole(check, 16, position.check)) return std::nullopt;
    return position;
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
