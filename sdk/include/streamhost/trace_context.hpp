// W3C Trace Context: where something stands in a trace, as values and as the text of the headers traceparent
// and tracestate (https://www.w3.org/TR/trace-context/). Pure. [any]
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/svc/tracing.h"
#include "streamhost/bytes.hpp"

namespace streamhost {

inline constexpr std::size_t kTraceParentBytes = 55;  // of version 00
inline constexpr std::size_t kTraceStateBytes = 512;
inline constexpr std::size_t kTraceStateMembers = 32;

template <std::size_t Size>
[[nodiscard]] std::string hex_of(const std::array<std::uint8_t, Size>& id) {
    std::string out;
    for (const std::uint8_t byte : id) {
        out += "0123456789abcdef"[byte >> 4];
        out += "0123456789abcdef"[byte & 15u];
    }
    return out;
}

struct TraceContext {
    std::array<std::uint8_t, 16> trace_id{};
    std::array<std::uint8_t, 8> span_id{};
    std::uint32_t flags = 0;  // SH_TRACE_*
    std::string state;

    [[nodiscard]] bool is_sampled() const noexcept { return (flags & SH_TRACE_SAMPLED) != 0; }
    [[nodiscard]] std::string parent_text() const {
        const std::array<std::uint8_t, 1> last{
            static_cast<std::uint8_t>(flags & (SH_TRACE_SAMPLED | SH_TRACE_RANDOM))};
        return "00-" + hex_of(trace_id) + "-" + hex_of(span_id) + "-" + hex_of(last);
    }
    // A view of this object.
    [[nodiscard]] sh_trace_context raw() const noexcept {
        sh_trace_context out{sizeof(out), flags, {}, {}, bytes(state)};
        std::copy(trace_id.begin(), trace_id.end(), out.trace_id);
        std::copy(span_id.begin(), span_id.end(), out.span_id);
        return out;
    }
    static TraceContext copy(const sh_trace_context& from) {
        TraceContext out;
        std::copy(std::begin(from.trace_id), std::end(from.trace_id), out.trace_id.begin());
        std::copy(std::begin(from.span_id), std::end(from.span_id), out.span_id.begin());
        out.flags = from.flags;
        out.state = view(from.state);
        return out;
    }
};

namespace detail {

// Lower case alone, as the standard wants it; zeroes alone are no id.
template <std::size_t Size>
[[nodiscard]] bool read_hex(std::string_view text, std::array<std::uint8_t, Size>& out) {
    for (std::size_t index = 0; index < Size * 2; ++index) {
        const char digit = text[index];
        const bool is_number = digit >= '0' && digit <= '9';
        if (!is_number && !(digit >= 'a' && digit <= 'f')) return false;
        const auto value = static_cast<std::uint8_t>(is_number ? digit - '0' : digit - 'a' + 10);
        out[index / 2] = static_cast<std::uint8_t>(out[index / 2] << 4 | value);
    }
    return true;
}
template <std::size_t Size>
[[nodiscard]] bool is_id(const std::array<std::uint8_t, Size>& id) {
    return std::any_of(id.begin(), id.end(), [](std::uint8_t byte) { return byte != 0; });
}

[[nodiscard]] inline bool is_state_key(std::string_view key) {
    const auto is_plain = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    };
    if (key.empty() || key.size() > 256 || !is_plain(key[0])) return false;
    return std::count(key.begin(), key.end(), '@') <= 1 &&
           std::all_of(key.begin(), key.end(), [&](char letter) {
               return is_plain(letter) || std::string_view("_-*/@").find(letter) != std::string_view::npos;
           });
}
[[nodiscard]] inline bool is_state_value(std::string_view value) {
    return !value.empty() && value.size() <= 256 && std::all_of(value.begin(), value.end(), [](char letter) {
        return letter >= ' ' && letter <= '~' && letter != '=';
    });
}

[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char letter) { return letter == ' ' || letter == '\t'; };
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

}  // namespace detail

// The members of a tracestate, in order and without blanks around them; empty for one that is not valid,
// which is thrown away whole. What is longer than kTraceStateBytes loses members from its end.
[[nodiscard]] inline std::string read_trace_state(std::string_view text) {
    std::string out;
    std::vector<std::string_view> keys;
    while (!text.empty()) {
        const std::string_view member = detail::trimmed(text.substr(0, text.find(',')));
        text.remove_prefix(std::min(text.find(','), text.size() - 1) + 1);
        if (member.empty()) continue;
        const std::size_t sign = std::min(member.find('='), member.size());
        const std::string_view key = member.substr(0, sign);
        const bool is_good = detail::is_state_key(key) && sign < member.size() &&
                             detail::is_state_value(member.substr(sign + 1));
        const bool is_twice = std::find(keys.begin(), keys.end(), key) != keys.end();
        if (!is_good || is_twice || keys.size() == kTraceStateMembers) return {};
        keys.push_back(key);
        if (out.size() + member.size() + 1 > kTraceStateBytes) return out;
        if (!out.empty()) out += ',';
        out += member;
    }
    return out;
}

// Nothing for what is no traceparent: then a new trace begins. Of a newer version what is known of it counts.
[[nodiscard]] inline std::optional<TraceContext> read_trace(std::string_view parent,
                                                            std::string_view state = {}) {
    if (parent.size() < kTraceParentBytes) return std::nullopt;
    if (parent[2] != '-' || parent[35] != '-' || parent[52] != '-') return std::nullopt;
    TraceContext out;
    std::array<std::uint8_t, 1> version{};
    std::array<std::uint8_t, 1> flags{};
    const bool is_hex =
        detail::read_hex(parent, version) && detail::read_hex(parent.substr(3), out.trace_id) &&
        detail::read_hex(parent.substr(36), out.span_id) && detail::read_hex(parent.substr(53), flags);
    if (!is_hex || version[0] == 0xff || !detail::is_id(out.trace_id) || !detail::is_id(out.span_id))
        return std::nullopt;
    const bool ends = parent.size() == kTraceParentBytes;
    if (!ends && (version[0] == 0 || parent[kTraceParentBytes] != '-')) return std::nullopt;
    out.flags = flags[0] & (SH_TRACE_SAMPLED | SH_TRACE_RANDOM);
    out.state = read_trace_state(state);
    return out;
}

}  // namespace streamhost
