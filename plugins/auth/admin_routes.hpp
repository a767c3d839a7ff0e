// What operators do over HTTP, on the admin listener: revoke, look what is revoked, and take it back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/http.hpp"

#include "revocation_sync.hpp"

namespace auth {

inline constexpr std::size_t kMaxReasonBytes = 256;
inline constexpr std::int64_t kMaxAheadMs = 300'000;  // an issuer's clock may be ahead

// {"user" or "token_id", "before_ms"?, "reason"?}. What does not say before when is before now and `ahead_ms`
// more: by so much the clock may be ahead that dated a token which is there already. Throws
// Failure(SH_INVALID) with what is wrong. Pure. [any]
[[nodiscard]] Revocation read_revocation(std::string_view body, std::int64_t now_ms, std::int64_t ahead_ms);
// Those in force. Pure. [any]
[[nodiscard]] std::string show(const RevocationList& list);
[[nodiscard]] std::string show(const Revocation& entry);
// The id in /admin/v1/auth/revocations/{id}; nothing for another path. Pure. [any]
[[nodiscard]] std::optional<std::string> id_of_path(std::string_view path);
// 200, 202 (this node only, for now), or the problem. Pure. [any]
[[nodiscard]] streamhost::HttpResponse answer_of(const RevocationSync::Changed& changed);

class AdminRoutes {
public:
    // [control]
    void add(streamhost::Host& host, RevocationSync& sync, const Authenticator& authenticator);

private:
    streamhost::HttpRoutes routes_;
};

}  // namespace auth
