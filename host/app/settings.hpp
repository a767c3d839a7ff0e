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
#include "app/listener_tls.hpp"
#include "app/store_settings.hpp"
#include "bridge/transport_hub.hpp"
#include "config/configuration.hpp"
#include "config/loader.hpp"
#include "control/catalogue.hpp"
#include "delivery/log_set.hpp"
#include "net/proxy_rules.hpp"
#include "net/socket_file.hpp"
#include "net/tls_context.hpp"
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
        std::shared_ptr<net::TlsServerContext> tls;  ///< nullptr: in clear
        net::ProxyRulesPtr proxies;                  ///< nullptr: it believes nobody
        net::SocketFileOptions socket_file;          ///< of a Unix socket
    };
    std::vector<Listener> listeners;  ///< the public ones
    std::string admin_address;
    net::SocketFileOptions admin_socket_file;
    AdminLockOptions admin_lock;
    std::set<std::string> plugins;  ///< the enabled ones
    std::string handover;           ///< path; empty: none
    std::size_t loops = 1;
    std::size_t short_workers = 4;
    std::size_t long_workers = 1'024;
    StoreSettings store;
    bridge::TransportOptions transport;
    delivery::LogSetOptions delivery;
    observe::LoggingOptions logging;
    DrainLimits drain;

    void call(const std::string& node);  ///< in place of the configured name
};

/// plugins.directory, or ../lib/streamhost/plugins beside the program.
[[nodiscard]] std::filesystem::path plugin_directory(const config::Sources& sources);

[[nodiscard]] config::Sources sources_of(const CommandLine& line);

/// Scans the plugin directory, reads the descriptors of what is there, composes the schema of everything.
/// `text` gets every complaint.
[[nodiscard]] std::shared_ptr<const config::Schema> compose_schema(const config::Sources& sources,
                                                                   control::Catalogue& catalogue,
                                                                   std::string& text);
/// What reading the sources came to. Without a configuration `errors` say why.
struct Candidate {
    std::shared_ptr<const config::Configuration> configuration;
    StoreSettings store;  ///< of the configuration, with what its files hold
    TlsContexts tls;      ///< and so these: a file is judged and used in one reading
    config::Issues errors;
    config::Issues warnings;
    std::string remarks;  ///< about plugin files, a line each

    [[nodiscard]] std::string text() const;  ///< all of it, for people
    void refuse(config::Issues because);     ///< with nothing against it it stays
};

/// The same, then loads, and looks at what no schema says: exposure, and the files it names. Plugins are
/// those of `plugins`, which is `sources` but for texts that somebody sent: they load no code.
[[nodiscard]] Candidate read_candidate(const config::Sources& sources, control::Catalogue& catalogue,
                                       const config::Sources& plugins);
/// Has the plugins `names` look at their sections (section_trial.hpp): what they refuse becomes errors, and
/// then there is no configuration any more.
void try_candidate(Candidate& candidate, const control::Catalogue& catalogue,
                   const std::set<std::string>& names);

[[nodiscard]] std::set<std::string> enabled_plugins(const config::Configuration& configuration);
/// Enabled plugins whose files are none or broken: a node starts without them, a check fails.
[[nodiscard]] config::Issues unloadable_plugins(const config::Configuration& configuration,
                                                const control::Catalogue& catalogue);

/// `store` and `tls` as a Candidate has them. The store's files stay as they were for the life of the
/// process.
[[nodiscard]] Settings settings_of(std::shared_ptr<const config::Configuration> configuration,
                                   StoreSettings store, const TlsContexts& tls);

}  // namespace streamhost::app
