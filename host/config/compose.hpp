#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"

namespace streamhost::config {

// The schema of the whole configuration: the host's own keys, and below `plugins.<name>` those of each plugin
// that the catalogue found, beside `enabled`. Which plugins exist is known only at run time, so this is a
// function.
struct PluginSchema {
    std::string name;
    std::string text;  // JSON; empty: the plugin has no keys of its own
    bool unreadable =
        false;  // the library is there but broken: its section is let pass, the catalogue complains
};

struct ComposeOptions {
    std::string plugin_directory;  // told to whoever names a plugin that is not there; may be empty
    bool any_plugin = false;  // sections of unknown plugins are let pass: before the catalogue has been read
};

struct Composed {
    std::shared_ptr<const Schema> schema;  // never null: a plugin with a bad schema counts as unreadable
    std::vector<std::string> refused;      // plugins whose schema is bad
    Issues issues;                         // what is wrong with those
};

[[nodiscard]] Composed compose(std::span<const PluginSchema> plugins, const ComposeOptions& options = {});

// The host's own part, as shipped (host/config/core_schema.json).
[[nodiscard]] std::string_view core_schema_text();

}  // namespace streamhost::config
