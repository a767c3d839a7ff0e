#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "connection.hpp"
#include "histogram.hpp"
#include "loop.hpp"
#include "parameters.hpp"
#include "process.hpp"

namespace streamhost::load {

// What a scenario is given.
struct Setting {
    Loop& loop;
    Target target;  // host and port of the first server; path and subprotocol are the scenario's
    std::vector<std::uint16_t> ports;  // of all servers
    std::uint16_t redis_port;          // 0: none
    pid_t server;                      // the first of `servers`
    std::vector<pid_t> servers;        // whose CPU is the servers'
    std::vector<pid_t>
        asides;  // part of what is measured, but no server: Redis, and a node that will be killed
    Parameters& parameters;
};

// What a scenario found. Everything in it was verified before it is made: a run with something missing,
// doubled, out of order or different throws Failure instead.
struct Run {
    std::string scenario;
    std::string unit = "messages";
    std::uint64_t count = 0;  // of `unit`, in the measured part
    double seconds = 0;
    CpuTime server;       // of that part
    CpuTime generator;    // the same; near `seconds` it was the generator that was measured
    double others_s = 0;  // CPU that other processes and other machines on the same hardware took meanwhile
    std::vector<std::pair<std::string, Histogram>> latencies;  // the first is the one to look at
    Histogram send_lag;                                        // open loop: how late we sent what was due
    std::vector<std::pair<std::string, double>> numbers;       // whatever else there is to say
};

// Clocks over the measured part.
class Meter {
public:
    explicit Meter(const Setting& setting) : servers_(setting.servers), asides_(setting.asides) {}
    void start();
    void stop(Run& run) const;  // adds to seconds, server and generator

private:
    std::vector<pid_t> servers_;
    std::vector<pid_t> asides_;
    std::int64_t started_ns_ = 0;
    CpuTime server_cpu_;
    CpuTime aside_cpu_;
    CpuTime own_cpu_;
    MachineTime machine_;
};

[[nodiscard]] Run run_echo(Setting& setting);
[[nodiscard]] Run run_fan_out(Setting& setting);
[[nodiscard]] Run run_streams(Setting& setting);
[[nodiscard]] Run run_idle(Setting& setting);
[[nodiscard]] Run run_accept(Setting& setting);
[[nodiscard]] Run run_talk(Setting& setting);
[[nodiscard]] Run run_recover(Setting& setting);
[[nodiscard]] Run run_bare(Setting& setting);
[[nodiscard]] Run run_spoken_streams(Setting& setting);
[[nodiscard]] Run run_spoken_storm(Setting& setting);
[[nodiscard]] Run run_spoken_fan_out(Setting& setting);
[[nodiscard]] Run run_spoken_echo(Setting& setting);
[[nodiscard]] Run run_tls_accept(Setting& setting);

}  // namespace streamhost::load
