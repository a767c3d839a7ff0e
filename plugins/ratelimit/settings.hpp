// The section plugins.ratelimit as values. [control]
#pragma once

#include <optional>
#include <string_view>

#include "streamhost/config.hpp"

#include "rules.hpp"

namespace ratelimit {

// "10/second", "0.5/second", "600/minute", "100/hour": ns between two tokens. Nothing for anything else, and
// for less than one in a day or more than a million in a second.
[[nodiscard]] std::optional<std::int64_t> parse_rate(std::string_view text);
// As an operator would write it.
[[nodiscard]] std::string show_rate(std::int64_t interval_ns);

// Throws Failure(SH_INVALID) with what to change.
[[nodiscard]] Settings read_settings(const streamhost::Config& config);

}  // namespace ratelimit
