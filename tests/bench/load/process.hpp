#pragma once

#include <sys/types.h>

#include <cstdint>

namespace streamhost::load {

// What the kernel says of a process. Throws Failure when there is none, which is how a crashed server shows.
struct CpuTime {
    double user_s = 0;
    double system_s = 0;
    [[nodiscard]] double total_s() const noexcept { return user_s + system_s; }
};
[[nodiscard]] inline CpuTime operator-(const CpuTime& a, const CpuTime& b) noexcept {
    return {a.user_s - b.user_s, a.system_s - b.system_s};
}

// utime and stime of /proc/PID/stat: all threads, in ticks of 10 ms.
[[nodiscard]] CpuTime cpu_time(pid_t pid);

// The first line of /proc/stat: what all processes of the machine used (without interrupts, in which the
// kernel carries our own packets), and what the hypervisor took.
struct MachineTime {
    double used_s = 0;
    double stolen_s = 0;
};
[[nodiscard]] MachineTime machine_time();

// Proportional set size, /proc/PID/smaps_rollup: pages of its own, and its share of those it shares. Memory
// of the kernel for its sockets is not in it.
[[nodiscard]] std::uint64_t pss_bytes(pid_t pid);

}  // namespace streamhost::load
