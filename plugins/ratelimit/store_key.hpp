// The name of a shared bucket in the store: the same on all nodes that have the same limit and prefixes.
// Pure. [any]
#pragma once

#include <string>
#include <string_view>

#include "address.hpp"
#include "limit.hpp"

namespace ratelimit {

// `owner` is the key of a bucket. A limit with another rate has another bucket.
[[nodiscard]] std::string store_key(const Limit& limit, std::string_view owner, const Prefixes& prefixes);

}  // namespace ratelimit
