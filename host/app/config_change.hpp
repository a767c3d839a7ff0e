#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/change_plan.hpp"
#include "app/config_book.hpp"
#include "config/issue.hpp"

namespace streamhost::app {

/// What somebody wants done about the configuration of a running node.
struct ConfigOrder {
    std::string by;                ///< for the log, the audit and the event: "SIGHUP", "the admin API"
    bool restart_plugins = false;  ///< those that do not take their section while they run
    std::optional<std::uint64_t> if_generation = {};  ///< refused when another one was accepted meanwhile
};

/// What came of it.
struct ConfigAnswer {
    enum class Result : std::uint8_t {
        kApplied = 1,  ///< all that can be without a restart
        kUnderWay,     ///< accepted; plugins are being switched or restarted, and it goes back if one fails
        kUnchanged,    ///< there was nothing to do, or it was only looked at
        kRefused,      ///< mistakes: nothing has changed
        kConflict,     ///< not now, or not on top of this generation: nothing has changed
    };
    Result result = Result::kUnchanged;
    std::string reason = {};  ///< of kRefused and kConflict
    config::Issues errors = {};
    ChangePlan plan = {};
    std::shared_ptr<const ConfigBook::Page> page = {};  ///< as it is then
};

}  // namespace streamhost::app
