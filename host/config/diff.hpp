#pragma once

#include <string>
#include <vector>

#include "config/configuration.hpp"

namespace streamhost::config {

// What a new configuration changes and what each change costs, so that a reload can say before it starts what
// applies at once, which plugins start anew and what waits for a restart of the host.
enum class ChangeKind { added, removed, changed };

struct Change {
    std::string path;  // of a scalar or a list; of a map only where the whole of an empty one came or went
    ChangeKind kind = ChangeKind::changed;
    Reload reload = Reload::restart;
    std::string plugin;  // of a path below plugins.<name>, else empty
    std::string before;  // as JSON, secrets masked; empty when added
    std::string after;   // likewise; empty when removed
    Origin where;        // where the new value, or the removed one, stands
};

// In the order of the new configuration, removed ones after their neighbours. Lists count as one value: an
// item has no identity. The cost of a change is read from the schema of the side that has the value (new over
// old).
[[nodiscard]] std::vector<Change> diff(const Configuration& before, const Configuration& after);

// "plugins.chat.max_runs: 10 -> 20 (live, streamhost.yaml:8:15)"
[[nodiscard]] std::string format(const Change& change);

}  // namespace streamhost::config
