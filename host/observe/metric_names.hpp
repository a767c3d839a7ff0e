#pragma once

#include <string>
#include <string_view>

#include "observe/metrics.hpp"

namespace streamhost::observe {

/// Empty when names, labels and bounds are well formed (they may come from a plugin), else the reason. [any]
[[nodiscard]] std::string why_malformed(const MetricSpec& spec);

/// `text` fit for the exposition: valid UTF-8, at most 128 bytes for the text before replacement. [any]
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace streamhost::observe
