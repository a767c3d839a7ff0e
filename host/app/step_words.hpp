#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "control/lifecycle.hpp"
#include "observe/log_line.hpp"

namespace streamhost::app {

/// The problem: a plugin passes eight states on its way up and down. Its operator wants one line for each
/// change, with the reason, which an earlier step knew.
///
/// What the log says of each step. [control]
class StepWords {
public:
    struct Line {
        observe::LogLevel level = observe::LogLevel::debug;
        std::string_view text = "plugin step";
        std::string reason;
        std::string end;  ///< of a plugin that stopped: what it left behind
    };
    [[nodiscard]] Line of(const control::StepRecord& step);

private:
    struct Stop {
        std::string reason;
        std::string end;
    };
    std::map<std::pair<std::string, std::uint64_t>, Stop> stops_;  // by plugin and generation, under way
};

}  // namespace streamhost::app
