// What a token says, and whether that holds now: the registered claims of RFC 7519 (4.1) and the grants.
// Pure: the time is passed in. [any]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verdict.hpp"

namespace auth {

inline constexpr std::size_t kMaxUserBytes = 128;
inline constexpr std::size_t kMaxTokenIdBytes = 128;
inline constexpr std::int64_t kMaxDateMs = 253'402'300'799'000;  // the end of the year 9999

// Times are milliseconds since 1970.
struct Claims {
    std::string user;    // sub
    std::string id;      // jti, or empty
    std::string issuer;  // iss, or empty
    std::vector<std::string> audiences;
    std::optional<std::int64_t> expires_ms;
    std::optional<std::int64_t> not_before_ms;
    std::optional<std::int64_t> issued_ms;
    std::optional<std::vector<std::string>> grants;  // those that are understood; nothing: it does not say
    std::size_t unknown_grants = 0;
};

struct ClaimRules {
    std::string issuer;                  // empty: any
    std::vector<std::string> audiences;  // empty: any
    bool require_expiry = true;
    std::int64_t leeway_ms = 30'000;
    std::int64_t max_age_ms = 0;  // 0: none
    std::string grants_claim = "grants";
    std::vector<std::string> default_grants = {"read:@own", "send:@own"};
};

// 1 to 128 bytes without control characters and braces, and not "anonymous", who is nobody.
[[nodiscard]] bool is_user(std::string_view user) noexcept;

// kOk, kMalformed (no object, or a name twice) or kClaims (a claim of another type or range).
[[nodiscard]] Verdict read_claims(std::string_view payload, std::string_view grants_claim, Claims& out);
// kOk, kClaims, kIssuer, kAudience, kExpired or kNotYet.
[[nodiscard]] Verdict judge(const Claims& claims, const ClaimRules& rules, std::int64_t now_ms);
// What of the claims the rules look at, as read_claims() reads it; the user and iat are kept elsewhere. Pure.
[[nodiscard]] std::string write_facts(const Claims& claims);
// When a token that holds now ends, with the leeway in it; 0: never.
[[nodiscard]] std::int64_t end_of(const Claims& claims, const ClaimRules& rules) noexcept;

}  // namespace auth
