// Who a token is of, as this plugin keeps and answers it. Immutable, shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "streamhost/grants.hpp"

#include "claims.hpp"

namespace auth {

struct Identity {
    std::string user;
    std::string id;   // of the token, or empty
    std::string key;  // mark of the one that signed it
    std::int64_t issued_ms = 0;
    std::int64_t expires_ms = 0;  // 0: never
    streamhost::GrantList grants;
    std::string body;  // the answer of svc/auth.h
};
using IdentityPtr = std::shared_ptr<const Identity>;

[[nodiscard]] IdentityPtr make_identity(const Claims& claims, const ClaimRules& rules,
                                        const std::string& key);

}  // namespace auth
