#pragma once
// Topic patterns as Redis matches them.

#include <string_view>

namespace streamhost::store {

/// `*` any run of bytes, `?` one byte, `[abc]` `[a-z]` `[^a]` one of a set, `\` takes the next literally.
/// Time is bounded by the product of the lengths: after a mismatch only the last `*` is widened (an
/// exponential matcher is a denial of service with a 40-byte pattern).
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text) noexcept;

}  // namespace streamhost::store
