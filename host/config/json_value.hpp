#pragma once

#include <Poco/Dynamic/Var.h>

#include "config/value.hpp"

namespace streamhost::config {

// Between Poco's JSON and our values; only for this room's own files. Integers outside 64 bits, which Poco
// turns into 0 or the nearest limit, cannot be told from the real thing here: only schemas are read this way,
// never configuration.
[[nodiscard]] Value value_from_json(const Poco::Dynamic::Var& json);
[[nodiscard]] Poco::Dynamic::Var json_from_value(const Value& value);

}  // namespace streamhost::config
