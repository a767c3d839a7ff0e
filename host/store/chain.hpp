#pragma once
// Offsets alone do not say what a reader has seen: after a failover that lost a tail, another producer may
// fill the same numbers with other text. So each entry carries a running hash: equal position (seq, check),
// equal content up to there.
//
//   check_0 = 0
//   check_i = first 8 bytes of SHA-1(hex16(check_{i-1}) + type + data)
//
// The same in a Redis script: redis.sha1hex(prev_hex .. type .. data):sub(1, 16). SHA-1 because Redis scripts
// offer no other; the check detects lost and rewritten tails, it is no defence against a producer who wants
// to collide with itself.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "store/record.hpp"

namespace streamhost::store {

/// Largest entry number: what a JSON reader holds without loss.
inline constexpr std::uint64_t kMaxSeq = (std::uint64_t{1} << 53) - 1;

/// Where a reader stands. {0, 0} = nothing seen.
struct Position {
    std::uint64_t seq = 0;
    std::uint64_t check = 0;

    friend bool operator==(const Position&, const Position&) = default;
};

/// The check of the entry (type, data) that follows `prev`. [any]
[[nodiscard]] std::uint64_t next_check(std::uint64_t prev, Type type, std::string_view data);

/// Numbers and chains records in place, from the one after `from`. Returns the position of the last. [any]
Position chain(Position from, std::span<Record> records);

/// 16 lower-case hex digits.
[[nodiscard]] std::string check_text(std::uint64_t check);

/// `seq.hhhhhhhhhhhhhhhh`; `0` when nothing was seen.
[[nodiscard]] std::string to_text(Position position);

/// The reverse. Refuses whatever to_text would not write (signs, leading zeros, upper case, seq over
/// kMaxSeq).
[[nodiscard]] std::optional<Position> parse_position(std::string_view text) noexcept;

}  // namespace streamhost::store
