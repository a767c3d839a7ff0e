#pragma once

#include <string>

#include "config/schema.hpp"

namespace streamhost::config {

// The schema as a JSON Schema document (draft 2020-12), for editors and for config/streamhost.schema.json.
// Says what the loader accepts in a file: sizes and durations as text, ${...} references in place of any
// scalar, and no further keys where none are declared. Indented, keys in the order of the schema, with a line
// end.
[[nodiscard]] std::string to_json_schema(const Schema& schema);

}  // namespace streamhost::config
