// Ids of runs, and the hash that tells one content from another. [any]
#pragma once

#include <string>
#include <string_view>

namespace chat {

// One that nobody can guess or meet twice.
[[nodiscard]] std::string run_id(std::string_view session);

// 64 hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace chat
