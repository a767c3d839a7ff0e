// The token of an Authorization field. Source: RFC 6750, section 2.1. Pure.
#pragma once

#include <string_view>

#include "streamhost/ascii.hpp"

namespace streamhost {

// What follows "Bearer ", or nothing where that does not stand there.
[[nodiscard]] inline std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view kScheme = "bearer ";
    if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return {};
    authorization.remove_prefix(kScheme.size());
    const std::size_t first = authorization.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return authorization.substr(first, authorization.find_last_not_of(" \t") - first + 1);
}

}  // namespace streamhost
