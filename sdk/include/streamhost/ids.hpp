// Names of sessions, streams and runs, as every part reads them. A stream's id is <home> or <home>.<local>;
// everything that is decided per conversation follows from the home, without a look-up. Source:
// docs/protocol.md, section 1. All [any].
#pragma once

#include <cstddef>
#include <string_view>

namespace streamhost {

inline constexpr std::size_t kMaxHomeBytes = 64;
inline constexpr std::size_t kMaxIdBytes = 128;

// One of A-Z a-z 0-9 _ -
constexpr bool is_home_byte(char byte) noexcept {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-';
}

// The part in front of the first dot; of what has none, all of it.
constexpr std::string_view home_of(std::string_view stream) noexcept {
    return stream.substr(0, stream.find('.'));
}
// The part behind the first dot; empty when there is none.
constexpr std::string_view local_of(std::string_view stream) noexcept {
    const std::size_t dot = stream.find('.');
    return dot == std::string_view::npos ? std::string_view() : stream.substr(dot + 1);
}

// A home: 1 to 64 of A-Z a-z 0-9 _ -
constexpr bool is_session_id(std::string_view id) noexcept {
    for (const char byte : id)
        if (!is_home_byte(byte)) return false;
    return !id.empty() && id.size() <= kMaxHomeBytes;
}
// <home>.<local>, at most 128 bytes; the local part may hold dots, too.
constexpr bool is_run_id(std::string_view id) noexcept {
    const std::string_view local = local_of(id);
    for (const char byte : local)
        if (byte != '.' && !is_home_byte(byte)) return false;
    return !local.empty() && id.size() <= kMaxIdBytes && is_session_id(home_of(id));
}
constexpr bool is_stream_id(std::string_view id) noexcept { return is_session_id(id) || is_run_id(id); }

}  // namespace streamhost
