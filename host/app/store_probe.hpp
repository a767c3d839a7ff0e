#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/store_settings.hpp"

namespace streamhost::app {

/// What an attempt to reach the store found, a line each.
struct Finding {
    enum class Level : std::uint8_t { kFine = 1, kWarning, kError };
    Level level = Level::kFine;
    std::string text;
};

/// The problem: a configuration may be right in every word and name a server that is not there, not a master,
/// too old, or set up to lose what it acknowledged.
///
/// Connects as the node would, one attempt each with a limit of two seconds, and asks. Poco::Redis does for
/// this: nothing depends on its answers but a message. It has no TLS, so behind TLS only the files were
/// looked at. Blocks.
[[nodiscard]] std::vector<Finding> probe_store(const StoreSettings& settings);

}  // namespace streamhost::app
