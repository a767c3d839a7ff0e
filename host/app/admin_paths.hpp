#pragma once

#include <string_view>

namespace streamhost::app {

/// The host's own calls of the admin listener; everything else there is a plugin's.
inline constexpr std::string_view kAccessPath = "/admin/v1/access";
inline constexpr std::string_view kConfigPath = "/admin/v1/config";
inline constexpr std::string_view kDrainPath = "/admin/v1/drain";
inline constexpr std::string_view kNodePath = "/admin/v1/node";
inline constexpr std::string_view kPluginsPath = "/admin/v1/plugins";

[[nodiscard]] inline bool is_at_or_below(std::string_view path, std::string_view root) {
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

}  // namespace streamhost::app
