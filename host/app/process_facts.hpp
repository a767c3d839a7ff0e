#pragma once

#include <cstdint>
#include <filesystem>

#include "observe/metrics.hpp"

namespace streamhost::app {

/// What this process uses of its machine, under the names that every exporter has.
struct ProcessFacts {
    std::uint64_t resident_bytes = 0;
    std::uint64_t memory_limit_bytes = 0;  ///< of the control group, else the memory of the machine
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;  ///< 0: without a limit
    double cpu_seconds = 0;
    double start_seconds = 0;  ///< since 1970
};

/// [worker] Reads a few files; what cannot be read is 0.
[[nodiscard]] ProcessFacts read_process(const std::filesystem::path& proc = "/proc",
                                        const std::filesystem::path& cgroup = "/sys/fs/cgroup");

void collect(observe::Samples& out, const ProcessFacts& facts);

}  // namespace streamhost::app
