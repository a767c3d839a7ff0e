#pragma once

#include "app/finding.hpp"
#include "app/store_settings.hpp"

namespace streamhost::app {

/// The problem: a configuration may be right in every word and name a server that is not there, not a master,
/// too old, or set up to lose what it acknowledged.
///
/// Connects as the node would, one attempt each with a limit of two seconds, and asks. Poco::Redis does for
/// this: nothing depends on its answers but a message. It has no TLS, so behind TLS only the files were
/// looked at. Blocks.
[[nodiscard]] Findings probe_store(const StoreSettings& settings);

}  // namespace streamhost::app
