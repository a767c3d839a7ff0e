#pragma once

#include "config/configuration.hpp"
#include "config/issue.hpp"

namespace streamhost::app {

/// The problem: nothing in this version says who connects. Whoever can may read and write everything, and the
/// admin listener has no lock at all. One address typed wrong must not open that to a network.
///
/// An issue for each listener that others than this machine can reach. Addresses that do not parse are
/// somebody else's issue: opening them fails with the reason.
[[nodiscard]] config::Issues exposure_issues(const config::Configuration& configuration);

}  // namespace streamhost::app
