// base64url without padding (RFC 4648, 5), taken literally: what has padding, other letters, or bits that
// count for nothing is refused, so that one content has one text. [any]
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auth {

[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace auth
