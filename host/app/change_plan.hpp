#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/diff.hpp"
#include "control/supervisor.hpp"

namespace streamhost::app {

/// What a changed key does in a node that runs.
enum class Effect : std::uint8_t {
    kAtOnce = 1,
    kRestartsPlugin,  ///< at the latest: the plugin may take it while it runs
    kSwitchesPlugin,  ///< on or off
    kRestartsNode,    ///< waits for the next start of the process
    kNothing,         ///< its plugin does not run
};
[[nodiscard]] std::string_view to_string(Effect effect);

/// The problem: a file with three changed lines says neither which of them hold at once nor which one throws
/// out all clients.
struct ChangePlan {
    struct Entry {
        config::Change change;
        Effect effect = Effect::kAtOnce;
    };
    std::vector<Entry> changes;
    std::vector<std::string> sections;  ///< plugins that run on, and have another section
    std::vector<std::string> restarts;  ///< of those: plugins that need another instance, at the latest
    std::vector<std::string> starts;
    std::vector<std::string> stops;
    std::vector<control::TogglePlan::Step> also_stop;  ///< because of those
    std::vector<control::TogglePlan::Step> degrade;    ///< go on without something of theirs
    std::vector<std::string> node;                     ///< keys that wait for the next start of the process
    std::vector<std::string>
        disconnect;  ///< of restarts and stops: plugins whose WebSocket clients reconnect
};

/// From what is in force to what is wanted. `plugins` is what runs. Pure.
[[nodiscard]] ChangePlan plan_changes(const config::Configuration& running,
                                      const config::Configuration& wanted,
                                      const std::vector<control::PluginView>& plugins);

/// What its switches do to other plugins, as a dry run of theirs says.
void add_others(ChangePlan& plan, const control::TogglePlan& switches);

/// Secrets are masked, as in a Change. `websockets`: connections of this node now.
[[nodiscard]] std::string to_json(const std::vector<ChangePlan::Entry>& changes);
[[nodiscard]] std::string summary_json(const ChangePlan& plan, std::uint64_t websockets);
/// For changes that wait: their effect is that of their cost.
[[nodiscard]] std::vector<ChangePlan::Entry> as_entries(const std::vector<config::Change>& waiting);

}  // namespace streamhost::app
