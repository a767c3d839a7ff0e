#include "store/chain.hpp"

#include <charconv>

#include "tls/sha1.hpp"

namespace streamhost::store {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kCheckDigits = 16;

void write_hex(std::uint64_t value, char* to) {
    for (std::size_t i = kCheckDigits; i-- > 0; value >>= 4)
        to[i] = kHex[value & 15];
}

std::optional<std::uint64_t> parse_hex16(std::string_view text) noexcept {
    if (text.size() != kCheckDigits) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const std::size_t digit = kHex.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        value = value << 4 | digit;
    }
    return value;
}

}  // namespace

std::uint64_t next_check(std::uint64_t prev, Type type, std::string_view data) {
    char head[kCheckDigits + 1];
    write_hex(prev, head);
    head[kCheckDigits] = static_cast<char>(type);
    const auto digest = tls::sha1({head, sizeof head}, data);
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i)
        value = value << 8 | digest[i];
    return value;
}

Position chain(Position from, std::span<Record> records) {
    for (Record& record : records) {
        record.seq = from.seq + 1;
        record.prev = from.check;
        record.check = next_check(record.prev, record.type, record.data.view());
        from = {record.seq, record.check};
    }
    return from;
}

std::string check_text(std::uint64_t check) {
    std::string text(kCheckDigits, '0');
    write_hex(check, text.data());
    return text;
}

std::string to_text(Position position) {
    if (position.seq == 0) return "0";
    return std::to_string(position.seq) + '.' + check_text(position.check);
}

std::optional<Position> parse_position(std::string_view text) noexcept {
    if (text == "0") return Position{};
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || dot == 0 || text[0] == '0') return std::nullopt;
    Position position;
    const auto [end, error] = std::from_chars(text.data(), text.data() + dot, position.seq);
    if (error != std::errc{} || end != text.data() + dot || position.seq > kMaxSeq) return std::nullopt;
    const auto check = parse_hex16(text.substr(dot + 1));
    if (!check) return std::nullopt;
    position.check = *check;
    return position;
}

}  // namespace streamhost::store
