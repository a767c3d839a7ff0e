#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/command_line.hpp"
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
    std::set<std::string> plugins;  ///< the enabled ones
    std::size_t loops = 1;
    std::size_t short_workers = 4;
    std::size_t long_workers = 1'024;
    bridge::TransportOptions transport;
    delivery::LogSetOptions delivery;
    observe::LoggingOptions logging;
    std::uint32_t balancer_wait_ms = 0;
    std::uint32_t drain_window_ms = 5'000;
    std::uint32_t exit_within_ms = 10'000;
    std::uint32_t plugin_drain_ms = 5'000;
};

/// plugins.directory, or ../lib/streamhost/plugins beside the program.
[[nodiscard]] std::filesystem::path plugin_directory(const config::Sources& sources);

[[nodiscard]] config::Sources sources_of(const CommandLine& line);

/// Reads the descriptors of what the catalogue found, composes the schema, loads. `text` gets every error and
/// warning.
[[nodiscard]] std::shared_ptr<const config::Configuration> load_configuration(const config::Sources& sources,
                                                                              control::Catalogue& catalogue,
                                                                              std::string& text);
[[nodiscard]] std::shared_ptr<const config::Schema> compose_schema(control::Catalogue& catalogue,
                                                                   std::string& text);

[[nodiscard]] Settings settings_of(std::shared_ptr<const config::Configuration> configuration);

}  // namespace streamhost::app
