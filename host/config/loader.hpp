#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/configuration.hpp"
#include "config/issue.hpp"
#include "config/references.hpp"
#include "config/schema.hpp"

namespace streamhost::config {

// A text that takes the place of a file.
struct Document {
    std::string name;  // for complaints
    std::string text;
};

// Everything that configures a process, lowest layer first; below all of them lie the schema's defaults.
struct Sources {
    std::vector<std::string> files;        // paths; a later file lies over an earlier one
    std::vector<std::string> environment;  // "NAME=value" as in environ
    std::vector<std::string> arguments;    // "key.path=value" of --set
    // Over the files. Whoever sent them need not be who may read what they refer to: with any document, every
    // value that a reference stands in is secret.
    std::vector<Document> documents = {};
};

struct Loaded {
    std::shared_ptr<const Configuration> configuration;  // null when there is any error
    Issues errors;                                       // all of them
    Issues warnings;
};

// Reads, merges, expands and validates. Blocks on files: start-up or a worker, not a loop. Applies nothing
// and keeps nothing, so a refused reload leaves the running configuration as it is.
[[nodiscard]] Loaded load(std::shared_ptr<const Schema> schema, const Sources& sources);

// A string read before the schema is complete, without complaint: `plugins.directory` must be known to find
// the plugins whose schemas complete it. What is wrong is told by the load() that follows.
[[nodiscard]] std::string peek(const Sources& sources, std::string_view path);

}  // namespace streamhost::config
