#pragma once

#include <string>

namespace streamhost::app {

/// What a server of the store, or the way to it, has against us, in the words of a running node's log, and
/// what to do.
struct StoreComplaint {
    std::string text;
    std::string next;
};

/// `said`: the server's own words, or the system's. `section`: the one of the configuration that leads there,
/// "store.redis" or "store.sentinel". Pure.
[[nodiscard]] StoreComplaint store_complaint(const std::string& said, const std::string& section);

}  // namespace streamhost::app
