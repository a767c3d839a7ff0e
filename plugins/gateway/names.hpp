// Ids and positions as they stand in messages. Source: docs/protocol.md, section 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/abi/record.h"

namespace gateway {

inline constexpr std::size_t kMaxIdBytes = 128;

[[nodiscard]] bool is_session_id(std::string_view id) noexcept;  // 1 to 64 of A-Z a-z 0-9 _ -
[[nodiscard]] bool is_stream_id(std::string_view id) noexcept;   // home, or home.local; at most 128 bytes
[[nodiscard]] bool is_run_id(std::string_view id) noexcept;      // home.local
// What decides who owns it and who may read it: the part before the first dot.
[[nodiscard]] std::string_view home_of(std::string_view stream) noexcept;

// "42.9f86d081884c7d65", or "0" for nothing seen yet. Nothing else is a position: no sign, no capital digit,
// no seq over 2^53 - 1.
[[nodiscard]] std::optional<sh_position> parse_position(std::string_view text) noexcept;

}  // namespace gateway
