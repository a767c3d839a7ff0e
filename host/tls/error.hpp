#pragma once

#include <string>

namespace streamhost::tls {

/// What OpenSSL says of the last mistake of this thread, which it then forgets. [any]
[[nodiscard]] std::string last_error();

/// Throws std::runtime_error: what cannot be used, which file that is, and why. [any]
[[noreturn]] void refuse(const std::string& what, const std::string& file);

}  // namespace streamhost::tls
