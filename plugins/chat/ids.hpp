// Ids that nobody can guess or meet twice, and the hash that tells one content from another. [any]
#pragma once

#include <string>
#include <string_view>

namespace chat {

// [a-z0-9]{16}, 80 random bits of the system.
[[nodiscard]] std::string random_id();
[[nodiscard]] std::string run_id(std::string_view session);

// 64 hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace chat
