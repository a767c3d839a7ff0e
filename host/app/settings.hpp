#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/admin_lock.hpp"
#include "app/command_line.hpp"
#include "app/drain.hpp"
#include "app/store_settings.hpp"
#include "bridge/transport_hub.hpp"
#include "config/configuration.hpp"
#include "config/loader.hpp"
#include "control/catalogue.hpp"
#include "delivery/log_set.hpp"
#include "observe/logging.hpp"

namespace streamhost::app {

/// The configuration as the host's own parts want it: read once, typed, immutable.
struct Settings {
    std::shared_ptr<const config::Configuration> configuration;
    std::string node_id;
    struct Listener {
        std::string name;
        std::string address;
        bridge::ListenerOptions serves;
    };
    std::vector<Listener> listeners;  ///< the public ones
    std::string admin_address;
    AdminLockOptions admin_lock;
    std::set<std::string> plugins;  ///< the enabled ones
    std::size_t loops = 1;
    std::size_t short_workers = 4;
    std::size_t long_workers = 1'024;
    StoreSettings store;
    bridge::TransportOptions transport;
    delivery::LogSetOptions delivery;
    observe::LoggingOptions logging;
    DrainLimits drain;
};

/// plugins.directory, or ../lib/streamhost/plugins beside the program.
[[nodiscard]] std::filesystem::path plugin_directory(const config::Sources& sources);

[[nodiscard]] config::Sources sources_of(const CommandLine& line);

/// Scans the plugin directory, reads the descriptors of what is there, composes the schema of everything.
/// `text` gets every complaint.
[[nodiscard]] std::shared_ptr<const config::Schema> compose_schema(const config::Sources& sources,
                                                                   control::Catalogue& catalogue,
                                                                   std::string& text);
/// The same, then loads; nullptr when there is any error.
[[nodiscard]] std::shared_ptr<const config::Configuration> load_configuration(const config::Sources& sources,
                                                                              control::Catalogue& catalogue,
                                                                              std::string& text);
/// Enabled plugins that cannot be loaded, each with the reason: a node starts without them, a check fails.
[[nodiscard]] std::vector<std::string> unusable_plugins(const config::Configuration& configuration,
                                                        const control::Catalogue& catalogue);

[[nodiscard]] Settings settings_of(std::shared_ptr<const config::Configuration> configuration);

}  // namespace streamhost::app
