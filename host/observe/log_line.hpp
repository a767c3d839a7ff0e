#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace streamhost::observe {

enum class LogLevel : std::uint8_t { debug = 1, info, warn, error };

enum class LogFormat : std::uint8_t {
    text = 1,  ///< for people: `2026-01-31T12:00:00.123Z WARN  net: slow reader conn=17 reason="no space"`
    json,      ///< for collectors: one object per line
};

/// A name and a value beside the message, so that lines can be searched by them. Borrows its strings: build
/// it in the call. Names are [a-z_]+; one that the line itself uses (ts, level, node, component, msg) gets
/// the prefix field_.
class Field {
public:
    Field(std::string_view name, std::string_view value) : name_(name), text_(value) {}
    Field(std::string_view name, const char* value) : Field(name, std::string_view(value)) {}
    Field(std::string_view name, const std::string& value) : Field(name, std::string_view(value)) {}
    Field(std::string_view name, bool value) : name_(name), text_(value ? "true" : "false"), bare_(true) {}
    template <std::integral T>
    Field(std::string_view name, T value) : name_(name), bare_(true) {
        set_number(std::to_string(value));
    }
    Field(std::string_view name, double value);

    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] std::string_view value() const {
        return number_.empty() ? text_ : std::string_view(number_);
    }
    [[nodiscard]] bool bare() const { return bare_; }  ///< a number or boolean: JSON without quotes

private:
    void set_number(std::string digits) { number_ = std::move(digits); }

    std::string_view name_;
    std::string_view text_;
    std::string number_;  // short enough to need no allocation
    bool bare_ = false;
};

struct LogLine {
    std::int64_t wall_ms = 0;
    LogLevel level = LogLevel::info;
    std::string_view component;
    std::string_view message;
    std::span<const Field> fields;
    std::string_view node = {};  ///< of the process, in JSON alone, where lines of many meet; empty: left out
};

/// The problem: names, addresses and texts in a log come from clients, who must not be able to forge a line,
/// break a collector's parser or fill a disk with one request.
///
/// One line, ended by \n, with nothing in it but printable text: control characters are escaped, invalid
/// UTF-8 becomes U+FFFD, and message and values are cut to kMaxValueBytes, fields to kMaxFields. [any]
inline constexpr std::size_t kMaxValueBytes = 2'048;
inline constexpr std::size_t kMaxFields = 32;
[[nodiscard]] std::string format_line(LogFormat format, const LogLine& line);

[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;

/// Appends `text` escaped for the inside of a JSON string. Invalid UTF-8 (overlong forms, surrogates, more
/// than U+10FFFF) becomes one U+FFFD per maximal subpart, as the Unicode standard 3.9 recommends.
void append_json_escaped(std::string& out, std::string_view text);

/// `text` with each maximal subpart of invalid UTF-8 replaced by U+FFFD, and nothing escaped.
[[nodiscard]] std::string valid_utf8(std::string_view text);

}  // namespace streamhost::observe
