// Drives one scenario against a server that runs already. `tests/bench/run` starts both and pins them.
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <unistd.h>

#include "failure.hpp"
#include "report.hpp"
#include "run.hpp"

namespace {

using namespace streamhost::load;

constexpr const char* kUsage = R"(usage:
  streamhost_load <scenario> --port N... --pid N... [--aside N]... [--redis N] [--out FILE] [--note name=value]...
                  [name=value]...
  streamhost_load table FILE...
scenarios: echo, fan-out, streams, idle, accept, tls-accept; talk, recover (with several servers), bare (with --redis
alone); spoken-streams, spoken-fan-out, spoken-echo, spoken-storm (dialect=NAME: servers of other kinds)
)";
constexpr unsigned kLimitS = 240;

struct Scenario {
    std::string_view name;
    Run (*run)(Setting&);
};
constexpr std::array<Scenario, 13> kScenarios = {{{"echo", &run_echo},
                                                  {"fan-out", &run_fan_out},
                                                  {"streams", &run_streams},
                                                  {"idle", &run_idle},
                                                  {"accept", &run_accept},
                                                  {"talk", &run_talk},
                                                  {"recover", &run_recover},
                                                  {"bare", &run_bare},
                                                  {"spoken-streams", &run_spoken_streams},
                                                  {"spoken-storm", &run_spoken_storm},
                                                  {"spoken-fan-out", &run_spoken_fan_out},
                                                  {"spoken-echo", &run_spoken_echo},
                                                  {"tls-accept", &run_tls_accept}}};

struct Arguments {
    std::vector<std::uint16_t> ports;
    std::uint16_t redis_port = 0;
    std::vector<pid_t> servers;
    std::vector<pid_t> asides;
    std::string out;
    std::vector<std::string> notes;
    std::vector<std::string> words;
};

Arguments read_arguments(const std::vector<std::string>& given) {
    Arguments arguments;
    for (std::size_t index = 0; index < given.size(); ++index) {
        const std::string& word = given[index];
        if (!word.starts_with("--")) {
            arguments.words.push_back(word);
            continue;
        }
        if (index + 1 == given.size()) throw Failure(word + " wants a value");
        const std::string& value = given[++index];
        if (word == "--port") {
            arguments.ports.push_back(static_cast<std::uint16_t>(std::stoul(value)));
        } else if (word == "--redis") {
            arguments.redis_port = static_cast<std::uint16_t>(std::stoul(value));
        } else if (word == "--pid") {
            arguments.servers.push_back(static_cast<pid_t>(std::stol(value)));
        } else if (word == "--aside") {
            arguments.asides.push_back(static_cast<pid_t>(std::stol(value)));
        } else if (word == "--out") {
            arguments.out = value;
        } else if (word == "--note") {
            arguments.notes.push_back(value);
        } else {
            throw Failure("unknown option " + word);
        }
    }
    const bool has_server = !arguments.ports.empty() && !arguments.servers.empty();
    if (!has_server && arguments.redis_port == 0) throw Failure("--port and --pid are needed");
    return arguments;
}

void allow_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Every wait in a scenario has a deadline of its own; this one is for what was forgotten.
void limit_time() {
    std::signal(SIGALRM, [](int) {
        constexpr std::string_view kText = "streamhost_load: no end in sight, given up\n";
        (void)!::write(STDERR_FILENO, kText.data(), kText.size());
        ::_exit(3);
    });
    ::alarm(kLimitS);
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in) throw Failure("cannot read " + path);
    return text;
}

int drive(const Scenario& scenario, const std::vector<std::string>& given) {
    const Arguments arguments = read_arguments(given);
    Parameters parameters(arguments.words);
    allow_descriptors();
    limit_time();
    Loop loop;
    Target target;
    if (!arguments.ports.empty()) target.port = arguments.ports.front();
    const pid_t server = arguments.servers.empty() ? 0 : arguments.servers.front();
    Setting setting{
        loop,      target, arguments.ports, arguments.redis_port, server, arguments.servers, arguments.asides,
        parameters};
    const std::string document = to_json(scenario.run(setting), parameters, arguments.notes);
    if (arguments.out.empty()) {
        std::cout << document;
        return 0;
    }
    std::ofstream out(arguments.out, std::ios::binary);
    out << document;
    out.close();
    if (!out) throw Failure("cannot write " + arguments.out);
    return 0;
}

int run(const std::vector<std::string>& words) {
    if (words.empty()) {
        std::cerr << kUsage;
        return 2;
    }
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (words.front() == "table") {
        std::vector<std::string> documents;
        for (const std::string& path : rest)
            documents.push_back(read_file(path));
        std::cout << to_table(documents);
        return 0;
    }
    for (const Scenario& scenario : kScenarios) {
        if (scenario.name == words.front()) return drive(scenario, rest);
    }
    std::cerr << kUsage;
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::cerr << "streamhost_load: " << error.what() << '\n';
        return 1;
    }
}
