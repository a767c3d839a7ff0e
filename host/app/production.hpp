#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "app/finding.hpp"
#include "config/configuration.hpp"

namespace streamhost::app {

/// What the configuration does not say itself.
struct ProductionFacts {
    bool names_node = false;  ///< NODE_ID of the environment is set
    std::int64_t now_s = 0;   ///< Unix time
    std::map<std::string, std::int64_t, std::less<>> certificates_end_s = {};  ///< by listener
};

/// The problem: everything that makes a first try easy (no tokens, no limits, a store in memory, an echo for
/// an answer) is a mistake where others depend on it, and none of it is wrong in the sense of a schema.
///
/// The list to go through before others depend on a node, as far as its configuration answers it: a finding
/// for each line, all at once, each with what to do. Looks at the files that it names (who may read them, how
/// weak a secret is), at nothing else; what only the store's servers know is probe_store()'s. Blocks on
/// files.
[[nodiscard]] Findings production_findings(const std::shared_ptr<const config::Configuration>& configuration,
                                           const ProductionFacts& facts);

}  // namespace streamhost::app
