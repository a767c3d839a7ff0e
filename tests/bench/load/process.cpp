#include "process.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <unistd.h>

#include "failure.hpp"

namespace streamhost::load {
namespace {

std::string read(pid_t pid, const char* name) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/" + name);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (text.empty()) throw Failure("the server is gone: no process " + std::to_string(pid));
    return text;
}

double ticks_per_second() { return static_cast<double>(::sysconf(_SC_CLK_TCK)); }

}  // namespace

CpuTime cpu_time(pid_t pid) {
    const std::string text = read(pid, "stat");
    // The second field is the name in brackets, which may hold anything; fields 14 and 15 are counted from
    // it.
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field)
        fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    if (!fields) throw Failure("cannot read /proc/PID/stat");
    return {user / ticks_per_second(), system / ticks_per_second()};
}

MachineTime machine_time() {
    std::ifstream in("/proc/stat");
    std::string name;
    double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0, stolen = 0;
    in >> name >> user >> nice >> system >> idle >> wait >> irq >> softirq >> stolen;
    if (!in || name != "cpu") throw Failure("cannot read /proc/stat");
    return {(user + nice + system) / ticks_per_second(), stolen / ticks_per_second()};
}

std::uint64_t pss_bytes(pid_t pid) {
    const std::string text = read(pid, "smaps_rollup");
    const std::size_t at = text.find("\nPss:");
    if (at == std::string::npos) throw Failure("cannot read /proc/PID/smaps_rollup");
    return std::stoull(text.substr(at + 5)) * 1024;
}

}  // namespace streamhost::load
