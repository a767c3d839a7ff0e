// The token of an Authorization field. Source: RFC 6750, section 2.1. Pure.
#pragma once

#include <algorithm>
#include <string_view>

namespace streamhost {

// What follows "Bearer ", or nothing where that does not stand there.
[[nodiscard]] inline std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view kScheme = "bearer ";
    const auto is_same = [](char known, char given) {
        return known == given || (given >= 'A' && given <= 'Z' && known == given - 'A' + 'a');
    };
    if (authorization.size() < kScheme.size() ||
        !std::equal(kScheme.begin(), kScheme.end(), authorization.begin(), is_same))
        return {};
    authorization.remove_prefix(kScheme.size());
    const std::size_t first = authorization.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return authorization.substr(first, authorization.find_last_not_of(" \t") - first + 1);
}

}  // namespace streamhost
