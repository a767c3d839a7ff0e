#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.hpp"
#include "bridge/house.hpp"
#include "control/supervisor.hpp"
#include "observe/metrics.hpp"
#include "redis/client/stats.hpp"

namespace streamhost::bridge {
class TransportHub;
}

namespace streamhost::app {

/// What operators see of this node, as JSON: phase, loops, plugins, transports per listener, store,
/// components. [any]
[[nodiscard]] std::string make_report(bridge::House& house, const Settings& settings,
                                      const std::vector<control::PluginView>& plugins,
                                      const std::vector<std::string>& waiting_for_restart,
                                      bridge::TransportHub& transport,
                                      const std::optional<redis::ClientStats>& link, std::uint64_t uptime_ms);

/// Where a node that is ready can be asked. In the form of the log, since collectors of containers and
/// services read standard output and standard error as one. Pure.
[[nodiscard]] std::string ready_line(const Settings& settings, std::string_view admin_address,
                                     std::int64_t wall_ms);

/// The host's own numbers at a scrape. [any]
void collect(observe::Samples& out, bridge::House& house, const Settings& settings,
             bridge::TransportHub& transport);

}  // namespace streamhost::app
