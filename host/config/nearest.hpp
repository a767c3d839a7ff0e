#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace streamhost::config {

// Typing mistakes between two names: insert, delete, replace, swap of neighbours, each counts 1 (Damerau 1964
// in the "optimal string alignment" form: no piece is edited twice, enough for names). ASCII case is ignored.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

// The name that was probably meant: the closest, if no more than a third of the written name (at least one
// character) is wrong. Ties go to the earlier name. Names longer than 64 bytes have no nearest one.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view written,
                                                      std::span<const std::string> names);

}  // namespace streamhost::config
