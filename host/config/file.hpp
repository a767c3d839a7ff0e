#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace streamhost::config {

// The whole content of a regular file of at most `limit` bytes. Nothing, and the reason in `error`,
// otherwise: a FIFO or a device would block start-up or never end, and is refused without waiting.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path, std::size_t limit,
                                                   std::string& error);

}  // namespace streamhost::config
