#pragma once

#include <optional>
#include <span>
#include <vector>

#include "config/configuration.hpp"
#include "config/issue.hpp"
#include "control/catalogue.hpp"
#include "control/dependency_plan.hpp"
#include "control/supervisor.hpp"

namespace streamhost::app {

// The problem: keys that are right one by one, and together leave a node that serves nobody: a plugin whose
// provider is off, tokens that nobody can judge, two listeners at one address. A schema sees one key at a
// time.

/// Every plugin whose descriptor is known, enabled as the configuration says.
[[nodiscard]] std::vector<control::PlanNode> plan_nodes(const config::Configuration& configuration,
                                                        const control::Catalogue& catalogue);

/// Every plugin of a running host, enabled if it is to run once `plan` has switched one off. Pure.
[[nodiscard]] std::vector<control::PlanNode> plan_nodes(std::span<const control::PluginView> plugins,
                                                        const control::TogglePlan& plan);

/// Enabled plugins that others keep from running, and tokens that are asked for and nobody can judge.
/// `admin_is_locked`: the admin listener of a node that runs asks for them, whatever the configuration says.
/// Pure.
[[nodiscard]] config::Issues contradictions(const config::Configuration& configuration,
                                            std::span<const control::PlanNode> plugins, bool admin_is_locked);

/// Of those, the tokens that an admin listener asks for: nobody could use the API to mend it. Pure.
[[nodiscard]] std::optional<config::Issue> why_admin_is_shut(const config::Configuration& configuration,
                                                             std::span<const control::PlanNode> plugins,
                                                             bool admin_is_locked);

/// Of a gateway that runs and has to refuse every hello. Pure.
[[nodiscard]] std::optional<config::Issue> why_nobody_is_welcomed(const config::Configuration& configuration,
                                                                  std::span<const control::PlanNode> plugins);

/// Listeners where another one listens already. Pure.
[[nodiscard]] config::Issues shared_addresses(const config::Configuration& configuration);

}  // namespace streamhost::app
