#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "app/admin_paths.hpp"
#include "bridge/meters.hpp"

namespace streamhost::app {

/// The problem: who tries tokens at the admin listener, or calls what is not there, is answered before
/// anything that counts is reached; and the path of such a call is whatever its sender likes.
///
/// Counts answers in `http_requests_total` under a route of a fixed list: the host's calls, and `other`.
class AdminMeter {
public:
    /// [worker]
    void answered(observe::Metrics& metrics, std::string_view path, std::uint32_t status) const;

private:
    static constexpr std::array kRoutes = {kAccessPath, kConfigPath,  kDrainPath,
                                           kNodePath,   kPluginsPath, std::string_view("other")};

    std::array<bridge::RouteMeter, kRoutes.size()> meters_;
};

}  // namespace streamhost::app
