#include "app/process_facts.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <unistd.h>

namespace streamhost::app {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kUserTime =
    11;  // of /proc/self/stat, counted from the state, which stands behind the name
constexpr std::size_t kSystemTime = 12;
constexpr std::size_t kStartTime = 19;
constexpr std::size_t kResident = 21;

std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::uint64_t number_at(std::string_view text) {
    std::uint64_t value = 0;
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// The number behind a word that begins a line.
std::uint64_t number_after(const std::string& text, std::string_view word) {
    const std::size_t at = ("\n" + text).find("\n" + std::string(word));
    return at == std::string::npos ? 0 : number_at(std::string_view(text).substr(at + word.size()));
}

std::vector<std::uint64_t> stat_numbers(const fs::path& file) {
    const std::string text = text_of(file);
    std::vector<std::uint64_t> numbers;
    std::istringstream words(text.substr(std::min(text.rfind(") "), text.size() - 1) + 1));
    for (std::string word; words >> word;)
        numbers.push_back(number_at(word));
    numbers.resize(std::max<std::size_t>(numbers.size(), kResident + 1));
    return numbers;
}

// The tightest of the groups that this process is in; "max" is none.
std::uint64_t group_limit(const fs::path& proc, const fs::path& cgroup) {
    const std::string groups = text_of(proc / "self/cgroup");
    const std::size_t own = ("\n" + groups).find("\n0::/");
    std::uint64_t least = 0;
    if (own == std::string::npos) return number_at(text_of(cgroup / "memory/memory.limit_in_bytes"));
    fs::path name = groups.substr(own + 4, groups.find('\n', own) - own - 4);
    for (name = name.relative_path();; name = name.parent_path()) {
        const std::uint64_t limit = number_at(text_of(cgroup / name / "memory.max"));
        if (limit != 0) least = least == 0 ? limit : std::min(least, limit);
        if (name.empty()) return least;
    }
}

std::uint64_t count_of(const fs::path& folder) {
    std::error_code error;
    const fs::directory_iterator entries(folder, error);
    return error ? 0 : static_cast<std::uint64_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace

ProcessFacts read_process(const fs::path& proc, const fs::path& cgroup) {
    const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const std::vector<std::uint64_t> stat = stat_numbers(proc / "self/stat");
    const std::uint64_t machine_bytes = number_after(text_of(proc / "meminfo"), "MemTotal:") * 1024;
    const std::uint64_t group_bytes = group_limit(proc, cgroup);
    ProcessFacts facts;
    facts.resident_bytes = stat[kResident] * page_bytes;
    facts.memory_limit_bytes = group_bytes == 0 ? machine_bytes : std::min(group_bytes, machine_bytes);
    facts.open_fds = count_of(proc / "self/fd");
    facts.max_fds = number_after(text_of(proc / "self/limits"), "Max open files");
    facts.cpu_seconds = static_cast<double>(stat[kUserTime] + stat[kSystemTime]) / ticks;
    facts.start_seconds = static_cast<double>(number_after(text_of(proc / "stat"), "btime")) +
                          static_cast<double>(stat[kStartTime]) / ticks;
    return facts;
}

void collect(observe::Samples& out, const ProcessFacts& facts) {
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    out.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {},
              number(facts.resident_bytes));
    out.gauge("process_open_fds", "Number of open file descriptors.", {}, number(facts.open_fds));
    out.gauge("process_max_fds", "Maximum number of open file descriptors.", {}, number(facts.max_fds));
    out.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {},
                facts.cpu_seconds);
    out.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", {},
              facts.start_seconds);
    out.gauge("memory_limit_bytes", "What the process may use: of its control group, else of the machine", {},
              number(facts.memory_limit_bytes));
}

}  // namespace streamhost::app
