#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace streamhost::net {

// The problem: two programs that read the same request head differently are a hole (request smuggling), and a
// head that is parsed from its start after each byte that trickles in costs the square of its length. So: one
// reading, strictly the grammar of RFC 9112 and RFC 9110, everything ambiguous refused, and a parser that
// goes on where it stopped.
//
// HttpHeadParser is free of I/O and clocks and never allocates. Sizes are bytes. Role [loop], one user at a
// time. Stricter than the RFCs on purpose: bare LF, obs-fold, absolute-form, repeated Content-Length even
// when equal, Authorization twice, and dot segments in the path are refused; proxies in front of a
// server do not send them, attackers do.

inline constexpr std::size_t kMaxHeadFields = 100;
inline constexpr std::size_t kMaxHeadBytes = 65535;

struct HttpHeadLimits {
    std::size_t head_bytes =
        std::size_t{16} * 1024;  // request line and fields with all line ends; at most kMaxHeadBytes
    std::size_t target_bytes = std::size_t{8} * 1024;
    std::size_t fields = kMaxHeadFields;  // at most kMaxHeadFields
};

enum class HeadFault : std::uint8_t {
    kNone,
    kControlByte,
    kBareLineEnd,
    kRequestLine,
    kMethod,
    kTarget,
    kTargetForm,
    kTargetTooLong,
    kVersion,
    kVersionNotSupported,
    kFoldedField,
    kFieldName,
    kHeadTooLarge,
    kTooManyFields,
    kHost,
    kContentLength,
    kTransferCoding,
    kTransferCodingUnknown,
    kLengthAndCoding,
    kRepeatedField,
};
[[nodiscard]] std::uint16_t status_of(
    HeadFault fault) noexcept;  // 400, 414, 431, 501 or 505; the connection has to close
[[nodiscard]] std::string_view describe(HeadFault fault) noexcept;

/// Whether it can stand in a Host field: a name, an IPv4 address or an IPv6 address in brackets, with a port
/// or without.
[[nodiscard]] bool is_host(std::string_view host) noexcept;

enum class BodyFraming : std::uint8_t { kNone = 1, kLength, kChunked };

struct HttpField {
    std::string_view name;
    std::string_view value;  // without the blanks around it
};

// A parsed head: views into the bytes given to the parse() call that completed it; moving those bytes breaks
// it.
class HttpHead {
public:
    std::string_view method;
    std::string_view target;  // origin-form, or "*" with OPTIONS
    std::string_view path;    // before the '?', not decoded
    std::string_view query;   // after the '?'
    int minor_version = 1;    // HTTP/1.0 or HTTP/1.1
    BodyFraming framing = BodyFraming::kNone;
    std::uint64_t content_length = 0;

    [[nodiscard]] std::size_t field_count() const noexcept { return count_; }
    [[nodiscard]] HttpField field(std::size_t index) const noexcept;
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
    // The first field of that name (any case). For a field that may come once only, check count().
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
    // Whether a comma separated list, over all fields of that name, holds the token (any case).
    [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const noexcept;
    // Whether `Accept` names the media type, without regard to its parameters. No wildcard does.
    [[nodiscard]] bool accepts(std::string_view media_type) const noexcept;
    [[nodiscard]] bool keep_alive() const noexcept;

private:
    friend class HttpHeadParser;
    struct Slot {
        std::uint16_t name;
        std::uint16_t name_size;
        std::uint16_t value;
        std::uint16_t value_size;
    };
    [[nodiscard]] std::string_view name_of(const Slot& slot) const noexcept {
        return {base_ + slot.name, slot.name_size};
    }
    [[nodiscard]] std::string_view value_of(const Slot& slot) const noexcept {
        return {base_ + slot.value, slot.value_size};
    }

    const char* base_ = nullptr;
    std::size_t count_ = 0;
    Slot request_line_;  // name: method, value: target
    std::array<Slot, kMaxHeadFields> slots_;
};

enum class HeadState : std::uint8_t { kNeedMore = 1, kComplete, kRefused };

class HttpHeadParser {
public:
    explicit HttpHeadParser(const HttpHeadLimits& limits = {}) noexcept;

    // `bytes` always starts at the first byte of the head and only ever grows; it may have moved since the
    // last call. Each byte is looked at once. After kComplete or kRefused call reset() before the next head.
    [[nodiscard]] HeadState parse(std::string_view bytes) noexcept;

    [[nodiscard]] const HttpHead& head() const noexcept { return head_; }  // after kComplete
    [[nodiscard]] std::size_t length() const noexcept {
        return line_;
    }  // after kComplete: the body starts there
    [[nodiscard]] HeadFault fault() const noexcept { return fault_; }  // after kRefused
    void reset() noexcept;

private:
    [[nodiscard]] bool find_line_end(std::string_view bytes) noexcept;
    [[nodiscard]] std::size_t window() const noexcept;
    void take_line(std::string_view bytes, std::size_t end) noexcept;
    [[nodiscard]] HeadFault take_request_line(std::string_view line) noexcept;
    [[nodiscard]] HeadFault take_field(std::string_view line) noexcept;
    [[nodiscard]] HeadFault finish(std::string_view bytes) noexcept;
    [[nodiscard]] HeadFault check_host() const noexcept;
    [[nodiscard]] HeadFault take_framing() noexcept;
    void refuse(HeadFault fault) noexcept;

    HttpHeadLimits limits_;
    HttpHead head_;
    std::size_t line_ = 0;     // start of the line being read
    std::size_t scanned_ = 0;  // bytes before this are known to be harmless
    HeadState state_ = HeadState::kNeedMore;
    HeadFault fault_ = HeadFault::kNone;
    bool blank_line_skipped_ = false;
    bool in_fields_ = false;
};

}  // namespace streamhost::net
