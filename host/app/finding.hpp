#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace streamhost::app {

/// One line of a report to an operator.
struct Finding {
    enum class Level : std::uint8_t {
        kFine = 1,
        kTodo,  ///< nothing that was looked at can tell; somebody has to try it
        kWarning,
        kError
    };
    Level level = Level::kFine;
    std::string text;
    std::string name = {};  ///< of what was looked at, for whoever searches: "rate-limits"; may be empty
    std::string next = {};  ///< what to do; empty with kFine
};

using Findings = std::vector<Finding>;

/// "error: rate-limits: nobody counts how often ...\n    next: ...\n"; with kFine the word is "ok", with
/// kTodo "todo".
[[nodiscard]] std::string format(const Finding& finding);

}  // namespace streamhost::app
