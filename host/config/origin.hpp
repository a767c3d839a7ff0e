#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace streamhost::config {

// Where a value was given, so that every complaint and every line of the effective configuration can name the
// place to edit. Copies share the name. [any], immutable once made.
enum class SourceKind { schema_default, file, environment, command_line };

struct Origin {
    SourceKind kind = SourceKind::schema_default;
    std::shared_ptr<const std::string>
        name;                  // file path, environment name or key path of --set; null for defaults
    std::uint32_t line = 0;    // from 1; 0 when the source has no lines
    std::uint32_t column = 0;  // from 1, in bytes

    // "streamhost.yaml:3:5", "environment STREAMHOST_NODE__ID", "--set node.id", "default"
    [[nodiscard]] std::string text() const;
};

// The order in which complaints are shown: by source, then by place.
[[nodiscard]] bool shown_before(const Origin& left, const Origin& right);

}  // namespace streamhost::config
