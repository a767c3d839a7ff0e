// Positions as they stand in messages. Source: docs/protocol.md, section 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/abi/record.h"

namespace gateway {

// Beyond it scripts would round: of entries, and of fences.
inline constexpr std::uint64_t kMaxSeq = (std::uint64_t{1} << 53) - 1;

// "42.9f86d081884c7d65", or "0" for nothing seen yet. Nothing else is a position: no sign, no capital digit,
// no seq over 2^53 - 1.
[[nodiscard]] std::optional<sh_position> parse_position(std::string_view text) noexcept;

// The other way round. Writes at most kMaxPositionBytes and answers the end.
inline constexpr std::size_t kMaxPositionBytes = 37;
char* write_position(char* out, sh_position position) noexcept;
[[nodiscard]] std::string position_text(sh_position position);

}  // namespace gateway
