#pragma once

#include "config/issue.hpp"
#include "config/schema.hpp"
#include "config/value.hpp"

namespace streamhost::config {

// Fills in what the schema knows and the layers left out. A default of an object lies below what was written,
// key by key. A section that nobody wrote appears with its defaults, unless it requires a key that has none:
// then it is a choice (a TLS section) and stays away. A section written without a value is an empty one.
void apply_defaults(const Schema& schema, Value& value);

// Compares a tree with its schema and adds every error to `issues`, not only the first. On the way the tree
// gets its final form: "64KiB" becomes 65536 where the key has a unit, an integer becomes a number where a
// number is due, text that looked like something else becomes a string again if it came from the environment
// or --set, and secrets are marked as such.
void validate(const Schema& schema, Value& value, Issues& issues);

}  // namespace streamhost::config
