#include "run.hpp"

#include <algorithm>

#include <unistd.h>

#include "pace.hpp"

namespace streamhost::load {

namespace {

CpuTime sum_of(const std::vector<pid_t>& processes) {
    CpuTime sum;
    for (const pid_t process : processes) {
        const CpuTime one = cpu_time(process);
        sum = {sum.user_s + one.user_s, sum.system_s + one.system_s};
    }
    return sum;
}

}  // namespace

void Meter::start() {
    server_cpu_ = sum_of(servers_);
    aside_cpu_ = sum_of(asides_);
    own_cpu_ = cpu_time(::getpid());
    machine_ = machine_time();
    started_ns_ = now_ns();
}

void Meter::stop(Run& run) const {
    const CpuTime server = sum_of(servers_) - server_cpu_;
    const CpuTime aside = sum_of(asides_) - aside_cpu_;
    const CpuTime own = cpu_time(::getpid()) - own_cpu_;
    const MachineTime machine = machine_time();
    const double used = machine.used_s - machine_.used_s - server.total_s() - aside.total_s() - own.total_s();
    run.others_s += std::max(used, 0.0) + machine.stolen_s - machine_.stolen_s;
    run.seconds += static_cast<double>(now_ns() - started_ns_) / kSecond;
    run.server = {run.server.user_s + server.user_s, run.server.system_s + server.system_s};
    run.generator = {run.generator.user_s + own.user_s, run.generator.system_s + own.system_s};
}

}  // namespace streamhost::load
