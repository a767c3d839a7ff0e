#pragma once

#include <string>

#include "config/value.hpp"

namespace streamhost::config {

// What stands for a secret wherever a value is shown. An empty secret is shown as empty: "not set" is what an
// operator wants to see.
inline constexpr std::string_view kMask = "(secret)";

struct EmitOptions {
    bool origins = false;  // where each value came from: a comment in YAML, a map "origins" in JSON
    bool reveal = false;   // show secrets; for a plugin's own use, never for output
};

// The tree as YAML that reads back as the same tree (masks aside), or as JSON on one line.
[[nodiscard]] std::string to_yaml(const Value& value, const EmitOptions& options = {});
[[nodiscard]] std::string to_json(const Value& value, const EmitOptions& options = {});

// A scalar as JSON; a list or a map by its kind ("list"). Secrets masked.
[[nodiscard]] std::string scalar_text(const Value& value);

}  // namespace streamhost::config
