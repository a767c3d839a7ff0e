// Who a client is and what it may do, as the authenticator said of its token.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streamhost/abi/svc/auth.h"
#include "streamhost/grants.hpp"

namespace gateway {

struct Identity {
    std::string user;
    std::string id;   // of the token
    std::string key;  // that signed it
    std::int64_t issued_ms = 0;
    std::int64_t expires_ms = 0;  // wall clock; 0: never
    streamhost::GrantList grants;

    // Views of this object.
    [[nodiscard]] sh_auth_mark mark() const;
};

// Of those who need no token: nobody's homes are everybody's.
[[nodiscard]] Identity anonymous();

// The body of an answer of sh_auth.authenticate. Nothing: no identity can be read from it.
[[nodiscard]] std::optional<Identity> read_identity(std::string_view json);

// The value of a cookie in a Cookie header, or nothing. Source: RFC 6265, section 4.2.
[[nodiscard]] std::string_view cookie_value(std::string_view cookies, std::string_view name);

}  // namespace gateway
