#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace streamhost::tls {

/// The digest of `head` and `tail` behind it (FIPS 180-4). For names that say so (RFC 6455, a chain of
/// entries), not for secrets. Throws std::bad_alloc when OpenSSL has no memory or no SHA-1. [any]
[[nodiscard]] std::array<std::uint8_t, 20> sha1(std::string_view head, std::string_view tail);

}  // namespace streamhost::tls
