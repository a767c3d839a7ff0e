#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/issue.hpp"
#include "config/value.hpp"

namespace streamhost::config {

// Where ${...} gets its text from. A test or a fuzzer gives its own, so that no file of the machine is
// touched.
struct ReferenceReader {
    // The value of an environment variable; nothing when it is not set.
    std::function<std::optional<std::string>(const std::string& name)> environment;
    // The content of a file, or in `error` why there is none.
    std::function<std::optional<std::string>(const std::string& path, std::string& error)> file;
};

// Reads regular files of at most 64 KiB; never waits (a FIFO is refused) and takes the given environment.
[[nodiscard]] ReferenceReader system_references(
    std::function<std::optional<std::string>(const std::string& name)> environment);

// Replaces ${env:NAME} and ${file:/absolute/path} (one trailing line end is dropped) in every string of the
// tree.
// $${ stands for ${ itself. What is put in is not looked at again. A value from a file is secret from then
// on. An unquoted scalar gets its type from the text after the replacement, so `port: ${env:PORT}` can be a
// number.
void expand_references(Value& root, const ReferenceReader& reader, Issues& issues);

}  // namespace streamhost::config
