#include "observe/log_line.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace streamhost::observe {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kCut = "\xE2\x80\xA6";

/// A sequence of `length` bytes that is a character, or a maximal subpart of one that is not.
struct Piece {
    std::size_t length;
    bool valid;
};

bool continues(std::string_view text, std::size_t at, unsigned low = 0x80, unsigned high = 0xBF) {
    return at < text.size() && static_cast<unsigned char>(text[at]) >= low &&
           static_cast<unsigned char>(text[at]) <= high;
}

/// Table 3-7 of the Unicode standard: which second byte may follow which first one.
Piece next_piece(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) return {1, true};
    std::size_t length = 0;
    if (first >= 0xC2 && first <= 0xDF) length = 2;
    if (first >= 0xE0 && first <= 0xEF) length = 3;
    if (first >= 0xF0 && first <= 0xF4) length = 4;
    if (length == 0) return {1, false};
    const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (!continues(text, 1, low, high)) return {1, false};
    for (std::size_t at = 2; at < length; ++at) {
        if (!continues(text, at)) return {at, false};
    }
    return {length, true};
}

enum class Inside : std::uint8_t { quotes = 1, plain_text };

void append_escaped_ascii(std::string& out, char character, Inside inside) {
    if (inside == Inside::quotes && (character == '"' || character == '\\')) out += '\\';
    switch (character) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
    }
    if (static_cast<unsigned char>(character) >= 0x20 && character != 0x7F) {
        out += character;
        return;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(character));
    out += escape.data();
}

void append_escaped(std::string& out, std::string_view text, Inside inside) {
    while (!text.empty()) {
        const Piece piece = next_piece(text);
        if (!piece.valid) {
            out += kReplacement;
        } else if (piece.length == 1) {
            append_escaped_ascii(out, text[0], inside);
        } else {
            out += text.substr(0, piece.length);
        }
        text.remove_prefix(piece.length);
    }
}

void append_cut(std::string& out, std::string_view text, Inside inside) {
    append_escaped(out, text.substr(0, kMaxValueBytes), inside);
    if (text.size() > kMaxValueBytes) out += kCut;
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    append_cut(out, text, Inside::quotes);
    out += '"';
}

void append_time(std::string& out, std::int64_t wall_ms) {
    const auto seconds = static_cast<std::time_t>(wall_ms / 1'000);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                  utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                  static_cast<int>(wall_ms % 1'000));
    out += text.data();
}

bool is_reserved(std::string_view name) {
    return name == "ts" || name == "level" || name == "node" || name == "component" || name == "msg";
}

std::span<const Field> first_fields(const LogLine& line) {
    return line.fields.first(std::min(line.fields.size(), kMaxFields));
}

/// Values that a reader can not mistake for the next field go without quotes.
bool is_plain(std::string_view value) {
    return !value.empty() && value.size() <= kMaxValueBytes &&
           std::all_of(value.begin(), value.end(),
                       [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\'; });
}

void append_text(std::string& out, const LogLine& line) {
    append_time(out, line.wall_ms);
    constexpr std::array<std::string_view, 5> kNames{" ?     ", " DEBUG ", " INFO  ", " WARN  ", " ERROR "};
    out += kNames[static_cast<std::size_t>(line.level)];
    append_cut(out, line.component, Inside::plain_text);
    out += ": ";
    append_cut(out, line.message, Inside::plain_text);
    for (const Field& field : first_fields(line)) {
        out += ' ';
        append_cut(out, field.name(), Inside::plain_text);
        out += '=';
        if (is_plain(field.value())) {
            out += field.value();
        } else {
            append_quoted(out, field.value());
        }
    }
}

void append_json(std::string& out, const LogLine& line) {
    out += R"({"ts":")";
    append_time(out, line.wall_ms);
    out += R"(","level":")";
    out += to_string(line.level);
    out += '"';
    if (!line.node.empty()) {
        out += R"(,"node":)";
        append_quoted(out, line.node);
    }
    out += R"(,"component":)";
    append_quoted(out, line.component);
    out += R"(,"msg":)";
    append_quoted(out, line.message);
    for (const Field& field : first_fields(line)) {
        out += is_reserved(field.name()) ? ",\"field_" : ",\"";
        append_cut(out, field.name(), Inside::quotes);
        out += "\":";
        if (field.bare()) {
            out += field.value();
        } else {
            append_quoted(out, field.value());
        }
    }
    out += '}';
}

}  // namespace

Field::Field(std::string_view name, double value) : name_(name), bare_(std::isfinite(value)) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.6g", value);
    set_number(digits.data());
}

void append_json_escaped(std::string& out, std::string_view text) {
    append_escaped(out, text, Inside::quotes);
}

std::string valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Piece piece = next_piece(text);
        out += piece.valid ? text.substr(0, piece.length) : kReplacement;
        text.remove_prefix(piece.length);
    }
    return out;
}

std::string_view to_string(LogLevel level) noexcept {
    switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
    }
    return "unknown";
}

std::string format_line(LogFormat format, const LogLine& line) {
    std::string out;
    out.reserve(160 + line.message.size());
    if (format == LogFormat::json) {
        append_json(out, line);
    } else {
        append_text(out, line);
    }
    out += '\n';
    return out;
}

}  // namespace streamhost::observe
