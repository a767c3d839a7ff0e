#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/issue.hpp"
#include "config/value.hpp"

namespace streamhost::config {

// Hard limits against files that are small on disk and huge in memory (aliases multiply).
struct YamlLimits {
    std::size_t bytes = 1024 * 1024;
    std::size_t depth = kMaxDepth;
    std::size_t nodes = 100'000;               // aliases count as what they stand for
    std::size_t text_bytes = 4 * 1024 * 1024;  // of all scalars, aliases likewise
};

// Reads one YAML document. yaml-cpp's node tree forgets duplicate keys and positions, so this stands on its
// event interface. Refused, each with its place: duplicate keys, keys that are no plain names, tags other
// than !!str, merge keys (<<), a second document, text that is not UTF-8, anything over a limit. Anchors and
// aliases work.
//
// Adds to `issues` and goes on where it can; the result is empty only when nothing usable was read. An empty
// document is an empty object.
[[nodiscard]] std::optional<Value> read_yaml(std::string_view text, std::shared_ptr<const std::string> file,
                                             Issues& issues, const YamlLimits& limits = {});

// Reads the value of an environment variable or of --set: text that starts with [ { " or ' is YAML, all else
// is one plain scalar, whatever characters follow (so `a: b #c` needs no quoting); so is an IPv6 address in
// brackets with its port. The value is loose.
[[nodiscard]] std::optional<Value> read_inline(std::string_view text, const Origin& origin, Issues& issues);

}  // namespace streamhost::config
