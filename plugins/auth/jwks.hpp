// A JSON Web Key Set (RFC 7517, 5) as keys: those that sign with one of our algorithms. Others are passed
// over, since a set may serve other readers too. [any]
#pragma once

#include <string_view>
#include <vector>

#include "key.hpp"

namespace auth {

// Throws Failure(SH_INVALID) when it is no key set, a key of ours cannot be used, or a private key is in it.
[[nodiscard]] std::vector<KeyPtr> read_jwks(std::string_view text);

}  // namespace auth
