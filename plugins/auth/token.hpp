// The problem: a token comes from anybody, and what a lenient reader lets through is what attacks on tokens
// are made of: another algorithm than the key's, a header that says a thing twice, content that one reader
// sees and the next does not.
//
// The compact form of a JWS (RFC 7515, 7.1) is taken apart here, before any key is touched: three parts of
// strict base64url, at most 8 KiB, a header that is a JSON object with one of three algorithms and without
// extensions (crit, b64). What the header says of keys (jwk, jku, x5c) is not looked at. Pure. [any]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "verdict.hpp"

namespace auth {

inline constexpr std::size_t kMaxTokenBytes = std::size_t{8} * 1024;
inline constexpr std::size_t kMaxKeyIdBytes = 256;

enum class Algorithm : std::uint8_t { kHs256 = 1, kRs256, kEs256 };

[[nodiscard]] std::optional<Algorithm> algorithm_of(std::string_view name) noexcept;
[[nodiscard]] std::string_view name_of(Algorithm algorithm) noexcept;

struct Token {
    Algorithm algorithm = Algorithm::kHs256;
    std::optional<std::string> key_id;  // kid
    std::string payload;                // bytes that claim to be JSON
    std::size_t signature_bytes = 0;
};

// kOk, kMalformed or kAlgorithm; `out` counts with kOk only.
[[nodiscard]] Verdict read_token(std::string_view text, Token& out);

}  // namespace auth
