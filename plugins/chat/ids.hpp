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

// [A-Za-z0-9_-]{1,64}
[[nodiscard]] bool is_session_id(std::string_view id) noexcept;
// <session>.<local>, the whole at most 128 bytes of [A-Za-z0-9_.-]
[[nodiscard]] bool is_run_id(std::string_view id) noexcept;
[[nodiscard]] std::string_view home_of(std::string_view run) noexcept;
[[nodiscard]] std::string_view local_of(std::string_view run) noexcept;

}  // namespace chat
