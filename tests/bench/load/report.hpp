#pragma once

#include <string>
#include <vector>

#include "run.hpp"

namespace streamhost::load {

// One JSON object per run: what was asked for, what came out, on which machine. `notes` are name=value words
// of the caller (the commit, which cores).
[[nodiscard]] std::string to_json(const Run& run, const Parameters& parameters,
                                  const std::vector<std::string>& notes);

// Those objects as a table for people, one line each.
[[nodiscard]] std::string to_table(const std::vector<std::string>& documents);

}  // namespace streamhost::load
