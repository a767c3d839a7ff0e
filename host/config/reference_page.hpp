#pragma once

#include <string>

#include "config/schema.hpp"

namespace streamhost::config {

// Every key of a schema as a page of Markdown: key, what it takes with its unit and range, default, what a
// change costs, and what it is. A table for each section, and one for each plugin. A name of one's own choice
// is <name>, an item of a list is [].
[[nodiscard]] std::string to_reference_page(const Schema& schema);

// A number of bytes or milliseconds as one would write it: 16KiB, 25s; never rounded.
[[nodiscard]] std::string unit_text(Schema::Bound number, Unit unit);

}  // namespace streamhost::config
