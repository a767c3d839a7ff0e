// Who a client is and what it may do, as the authenticator said of its token.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/abi/svc/auth.h"
#include "streamhost/grants.hpp"

namespace gateway {

struct Identity {
    std::string user;
    std::string id;      // of the token
    std::string key;     // that signed it
    std::string claims;  // what else the authenticator judges it by
    std::int64_t issued_ms = 0;
    std::int64_t expires_ms = 0;  // wall clock; 0: never
    streamhost::GrantList grants;

    // Views of this object.
    [[nodiscard]] sh_auth_mark mark() const;
};

// Of those who need no token: nobody's homes are everybody's. One for all of them.
[[nodiscard]] std::shared_ptr<const Identity> anonymous();

// The body of an answer of sh_auth.authenticate. Nothing: no identity can be read from it.
[[nodiscard]] std::optional<Identity> read_identity(std::string_view json);

// What an upgrade brought: a token, none, or two that differ, of which nobody can say whose request it is.
struct BroughtToken {
    std::string_view token;
    bool is_ambiguous = false;
};
// Of the header Authorization and of the cookies with that name in the header Cookie; with an empty name
// cookies do not count. Views of both. Source: RFC 6750, section 2.1; RFC 6265, section 4.2.
[[nodiscard]] BroughtToken brought_token(std::string_view authorization, std::string_view cookies,
                                         std::string_view name);

}  // namespace gateway
