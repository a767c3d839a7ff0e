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
    Target target;  // host and port of the server; path and subprotocol are the scenario's
    pid_t server;
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
    explicit Meter(pid_t server) : server_(server) {}
    void start();
    void stop(Run& run) const;  // adds to seconds, server and generator

private:
    pid_t server_;
    std::int64_t started_ns_ = 0;
    CpuTime server_cpu_;
    CpuTime own_cpu_;
    MachineTime machine_;
};

[[nodiscard]] Run run_echo(Setting& setting);
[[nodiscard]] Run run_fan_out(Setting& setting);
[[nodiscard]] Run run_streams(Setting& setting);
[[nodiscard]] Run run_idle(Setting& setting);
[[nodiscard]] Run run_accept(Setting& setting);

}  // namespace streamhost::load
