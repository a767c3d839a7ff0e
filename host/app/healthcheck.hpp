#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace streamhost::app {

/// What `streamhost healthcheck` asks when it is told nothing: the default address of the admin listener.
inline constexpr const char* kHealthUrl = "http://127.0.0.1:8091/health/ready";
inline constexpr std::uint32_t kHealthTimeoutMs = 3'000;

/// The problem: a container without a shell has nothing to ask its own node with.
///
/// One GET, one line: 0 and the answer to `out` when the status is 200, else 1 and the reason to `err`. When
/// `timeout_ms` have passed the process writes why and ends with 1, wherever it waits, also for a name
/// server: call it from a process that does nothing else.
[[nodiscard]] int healthcheck(const std::string& url, std::uint32_t timeout_ms, std::ostream& out,
                              std::ostream& err);

}  // namespace streamhost::app
