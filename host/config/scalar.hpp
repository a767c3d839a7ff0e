#pragma once

#include <cstdint>
#include <string_view>

#include "config/value.hpp"

namespace streamhost::config {

// What an unquoted scalar means, by the core schema of YAML 1.2 (chapter 10.3.2): `yes`, `on` and `no` are
// strings, not booleans. Stricter than the standard in three places, each of which otherwise changes a value
// silently: an integer with leading zeros stays a string (007 is not 7, nor octal), an integer beyond 64 bits
// and a number beyond double stay strings, and .inf and .nan stay strings. A string where a number is due is
// an error of the validator, which shows what was written.
[[nodiscard]] Value::Data resolve_plain(std::string_view text);

// Sizes and durations for integer keys with a unit.
enum class Unit { none, bytes, milliseconds };

enum class QuantityStatus { ok, ill_formed, unknown_unit, not_whole, out_of_range };

struct Quantity {
    QuantityStatus status = QuantityStatus::ill_formed;
    std::int64_t value = 0;  // bytes or milliseconds
};

// "64KiB", "1.5MB", "250ms", "1.5s", "2h": a decimal number, an optional space, a unit. Bytes: B, KiB, MiB,
// GiB, TiB (1024) and kB, MB, GB, TB (1000); bare K and M are refused, people disagree on them. Durations:
// ms, s, m, h, d. The result is exact or refused: 0.5ms is not_whole.
[[nodiscard]] Quantity parse_quantity(std::string_view text, Unit unit);

// "bytes, or a size like 64KiB" and "milliseconds, or a duration like 5s"; empty for none.
[[nodiscard]] std::string_view unit_help(Unit unit);

}  // namespace streamhost::config
