// Tokens for development: whoever asks gets one for any user and any grants. They are signed like real ones,
// so that a client is tried as it will run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "claims.hpp"
#include "key.hpp"

namespace auth {

struct DevRequest {
    static constexpr std::int64_t kMinTtlMs = 1'000;
    static constexpr std::int64_t kMaxTtlMs = 86'400'000;

    std::string user;
    std::optional<std::vector<std::string>> grants;  // nothing: the default ones
    std::int64_t ttl_ms = 3'600'000;
};

struct DevToken {
    std::string text;
    std::int64_t expires_ms = 0;
};

// {"user", "grants"?: [...], "ttl_ms"?}. Throws Failure(SH_INVALID) with what is wrong. Pure. [any]
[[nodiscard]] DevRequest read_dev_request(std::string_view body);
// By the rules of this node it is valid: its issuer, its first audience. `id` is the jti. Pure. [any]
[[nodiscard]] DevToken make_dev_token(const DevRequest& request, const ClaimRules& rules, const Key& key,
                                      const std::string& id, std::int64_t now_ms);

// 32 random bytes; throws Failure when there are none.
[[nodiscard]] std::string random_secret();

}  // namespace auth
