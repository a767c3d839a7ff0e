#include "names.hpp"

#include <algorithm>
#include <charconv>

namespace gateway {

namespace {

constexpr std::uint64_t kMaxSeq = (std::uint64_t{1} << 53) - 1;
constexpr std::size_t kMaxHomeBytes = 64;

bool is_home_byte(char byte) noexcept {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-';
}
bool is_local_byte(char byte) noexcept { return byte == '.' || is_home_byte(byte); }
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

bool is_session_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= kMaxHomeBytes && std::all_of(id.begin(), id.end(), is_home_byte);
}

bool is_stream_id(std::string_view id) noexcept { return is_session_id(id) || is_run_id(id); }

bool is_run_id(std::string_view id) noexcept {
    const std::string_view home = home_of(id);
    if (id.size() > kMaxIdBytes || id.size() < home.size() + 2 || !is_session_id(home)) return false;
    const std::string_view local = id.substr(home.size() + 1);
    return std::all_of(local.begin(), local.end(), is_local_byte);
}

std::string_view home_of(std::string_view stream) noexcept { return stream.substr(0, stream.find('.')); }

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

}  // namespace gateway
