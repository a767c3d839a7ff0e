#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace streamhost::app {

/// What the command line asks for. Secrets never come this way: anybody on the machine can read it.
struct CommandLine {
    enum class Verb {
        kRun = 1,
        kConfigCheck,
        kConfigShow,
        kConfigSchema,
        kConfigReference,
        kConfigDiff,
        kConfigApply,
        kConfigRollback,
        kPluginNew,
        kPluginCheck,
        kHealthcheck,
        kExplain,
        kDrain,
        kVersion,
        kHelp
    };

    Verb verb = Verb::kRun;
    std::vector<std::string>
        files;  ///< -c FILE, or the FILE of `config check` and `diff`; several lie over each other
    std::vector<std::string> arguments;  ///< --set key.path=value
    std::string plugin;                  ///< `plugin check`: the file; `plugin new`: the name
    std::string folder;                  ///< `plugin new`; empty: one of the plugin's name
    std::string stream;                  ///< `explain`
    std::uint64_t seq = 0;               ///< `explain`
    std::vector<std::string> urls = {};  ///< each `--url`, for `explain`
    std::string url;  ///< `--url` of `healthcheck`, `drain`, `config diff`, ...; empty: the default address
    std::string token_file;  ///< `--token-file` of `config diff`, ..., `drain`, `explain`; empty: no token
    std::uint32_t timeout_ms = 0;  ///< `healthcheck --timeout-ms`; 0: the default
    bool origins = false;          ///< `config show --origins`
    bool connect = false;          ///< `config check --connect`
    bool production = false;       ///< `config check --production`
    bool as_json = false;          ///< `explain --json`
    bool wait = false;             ///< `drain --wait`
    bool restart_plugins = false;  ///< `config apply --restart-plugins`
    std::string error;             ///< not empty: what is wrong and what to do
};

/// Pure. `words` without the program's name.
[[nodiscard]] CommandLine parse_command_line(const std::vector<std::string>& words);
[[nodiscard]] std::string usage();

}  // namespace streamhost::app
