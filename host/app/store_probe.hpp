#pragma once

#include "app/finding.hpp"
#include "app/store_settings.hpp"

namespace streamhost::app {

/// The problem: a configuration may be right in every word and name a server that is not there, not a master,
/// too old, or set up to lose what it acknowledged.
///
/// Connects as the node would, with its TLS, one attempt each with limits of two seconds, and asks. Blocks.
[[nodiscard]] Findings probe_store(const StoreSettings& settings);

}  // namespace streamhost::app
