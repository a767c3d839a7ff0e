#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/issue.hpp"
#include "config/schema.hpp"
#include "config/value.hpp"

namespace streamhost::config {

// The layers above the files. Each function lays its entries over `root`, in order.

// "STREAMHOST_PLUGINS__CHAT__PROVIDERS__ECHO__DELAY_MS=5": two underscores separate names, and case (and - or
// . against _) is matched against the schema and against free names already in `root`. Variables of our
// prefix without a double underscore are left alone, because Kubernetes sets STREAMHOST_PORT and its like for
// a service called streamhost; one that would be a key with its underscores doubled is told in `warnings`.
void lay_environment(const Schema& schema, std::span<const std::string> environment, Value& root,
                     Issues& issues, Issues& warnings);

// "key.path=value", case as in the schema.
void lay_arguments(std::span<const std::string> arguments, Value& root, Issues& issues);

}  // namespace streamhost::config
