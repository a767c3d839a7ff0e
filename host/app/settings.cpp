#include "app/settings.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include <Poco/Environment.h>
#include <Poco/UUIDGenerator.h>
#include <unistd.h>

#include "streamhost/ids.hpp"

#include "app/contradictions.hpp"
#include "app/exposure.hpp"
#include "app/http_settings.hpp"
#include "app/listener_proxies.hpp"
#include "app/section_trial.hpp"
#include "config/compose.hpp"

extern char** environ;

namespace streamhost::app {

using config::View;

namespace {

// Readable in a log and different at each start: two nodes by accident of one name would take each other's
// leases.
std::string made_up_node_id() {
    std::string host = Poco::Environment::nodeName().substr(0, 32);
    std::replace_if(
        host.begin(), host.end(),
        [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; }, '-');
    const std::string unique = Poco::UUIDGenerator::defaultGenerator().createRandom().toString();
    return host + "-" + unique.substr(0, 8);
}

// Where nothing names the node, deployments say NODE_ID.
std::string node_id(std::string configured) {
    if (configured.empty()) configured = Poco::Environment::get("NODE_ID", "");
    if (!configured.empty() && !streamhost::is_session_id(configured))
        throw std::runtime_error("NODE_ID: a node's name is 1 to 64 of [A-Za-z0-9_-]");
    return configured.empty() ? made_up_node_id() : configured;
}

observe::LogLevel log_level(const std::string& name) {
    if (name == "debug") return observe::LogLevel::debug;
    if (name == "warn") return observe::LogLevel::warn;
    return name == "info" ? observe::LogLevel::info : observe::LogLevel::error;
}

bool is_on(const View& view, const std::string& path) {
    const auto read = view.get_boolean(path);
    return read.status != config::Lookup::ok || read.value;
}

template <typename Number>
Number number(const View& view, std::string_view path) {
    return static_cast<Number>(view.require_integer(path));
}

// The schema lets nothing but three digits behind a zero through.
net::SocketFileOptions socket_file(const View& listener) {
    const std::string mode = listener.require_string("unix.mode");
    return {static_cast<mode_t>(std::stoul(mode, nullptr, 8)), listener.require_string("unix.group")};
}

void read_listeners(const View& root, const TlsContexts& tls, Settings& out) {
    const auto count = root.size("listeners").value;
    for (std::size_t index = 0; index < count; ++index) {
        const std::string name(root.key("listeners", index).value);
        const View listener = root.below("listeners." + name);
        const std::string address = listener.require_string("address");
        if (name == "admin") {
            out.admin_address = address;
            out.admin_socket_file = socket_file(listener);
            out.admin_lock = {.needs_token = listener.require_string("authentication") == "required",
                              .open_metrics = listener.require_boolean("open_metrics")};
            continue;
        }
        out.listeners.push_back(
            {name,
             address,
             {name, is_on(listener, "transports.websocket.enabled"),
              is_on(listener, "transports.sse.enabled"), is_on(listener, "transports.http.enabled"),
              listener.get_boolean("transports.websocket.compression").value},
             tls.contains(name) ? tls.at(name) : nullptr,
             proxy_rules(*out.configuration, name),
             socket_file(listener)});
        out.transport.listeners.push_back(out.listeners.back().serves);
    }
}

void read_limits(const View& root, Settings& out) {
    auto& limits = out.transport.limits;
    limits.server.connections = number<std::size_t>(root, "limits.connections");
    limits.server.head.head_bytes = number<std::size_t>(root, "limits.head_bytes");
    limits.server.head_timeout_ms = number<std::uint32_t>(root, "limits.head_timeout_ms");
    limits.routes.max_message_bytes = number<std::uint32_t>(root, "limits.message_bytes");
    limits.routes.heartbeat_ms = number<std::uint32_t>(root, "limits.heartbeat_ms");
    limits.reader.direct_frames = number<std::uint32_t>(root, "limits.direct_frames");
    limits.reader.direct_bytes = number<std::uint32_t>(root, "limits.direct_bytes");
    limits.stall_ms = root.require_integer("limits.slow_reader_ms");
    out.delivery.memory_bytes = number<std::size_t>(root, "delivery.memory");
    out.delivery.idle_ms = root.require_integer("delivery.idle_shrink_ms");
}

}  // namespace

config::Sources sources_of(const CommandLine& line) {
    config::Sources sources;
    sources.files = line.files;
    sources.arguments = line.arguments;
    for (char** entry = environ; *entry != nullptr; ++entry)
        sources.environment.emplace_back(*entry);
    return sources;
}

std::filesystem::path plugin_directory(const config::Sources& sources) {
    const std::string configured = config::peek(sources, "plugins.directory");
    if (!configured.empty()) return configured;
    std::error_code unknown;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", unknown);
    return program.parent_path().parent_path() / "lib" / "streamhost" / "plugins";
}

std::shared_ptr<const config::Schema> compose_schema(const config::Sources& sources,
                                                     control::Catalogue& catalogue, std::string& text) {
    const std::filesystem::path directory = plugin_directory(sources);
    for (const std::string& complaint : catalogue.scan({directory}))
        text += complaint + "\n";
    std::vector<std::string> names;
    for (const auto& [name, entry] : catalogue.entries())
        names.push_back(name);
    std::vector<config::PluginSchema> schemas;
    for (const std::string& name : names) {
        const auto loaded = catalogue.load(name);
        if (!loaded) text += "plugin " + name + ": " + loaded.reason + "\n";
        // A file that was broken under a running plugin leaves that one, and its section, as they are.
        const auto& known = catalogue.find(name)->loaded;
        schemas.push_back({name, known ? known->descriptor.config_schema : "", !known});
    }
    const config::Composed composed = config::compose(schemas, {.plugin_directory = directory.string()});
    if (!composed.issues.empty()) text += config::format(composed.issues);
    return composed.schema;
}

std::string Candidate::text() const {
    return remarks + (errors.empty() ? "" : config::format(errors)) +
           (warnings.empty() ? "" : config::format(warnings));
}

Candidate read_candidate(const config::Sources& sources, control::Catalogue& catalogue,
                         const config::Sources& plugins) {
    Candidate candidate;
    auto loaded = config::load(compose_schema(plugins, catalogue, candidate.remarks), sources);
    candidate.errors = std::move(loaded.errors);
    candidate.warnings = std::move(loaded.warnings);
    if (loaded.configuration == nullptr) return candidate;
    candidate.errors = exposure_issues(*loaded.configuration);
    const config::Issues http = http_issues(*loaded.configuration);
    candidate.errors.insert(candidate.errors.end(), http.begin(), http.end());
    const config::Issues addresses = shared_addresses(*loaded.configuration);
    candidate.errors.insert(candidate.errors.end(), addresses.begin(), addresses.end());
    const config::Issues proxies = proxy_issues(*loaded.configuration);
    candidate.errors.insert(candidate.errors.end(), proxies.begin(), proxies.end());
    ListenerTls tls = read_listener_tls(loaded.configuration);
    candidate.errors.insert(candidate.errors.end(), tls.issues.begin(), tls.issues.end());
    candidate.tls = std::move(tls.contexts);
    candidate.store = read_store(loaded.configuration);
    const config::Issues& store = candidate.store.issues;
    candidate.errors.insert(candidate.errors.end(), store.begin(), store.end());
    if (candidate.errors.empty()) candidate.configuration = std::move(loaded.configuration);
    return candidate;
}

void try_candidate(Candidate& candidate, const control::Catalogue& catalogue,
                   const std::set<std::string>& names) {
    if (candidate.configuration == nullptr) return;
    candidate.refuse(try_sections(candidate.configuration, catalogue, names));
}

void Candidate::refuse(config::Issues because) {
    if (because.empty()) return;
    errors.insert(errors.end(), because.begin(), because.end());
    configuration.reset();
}

std::set<std::string> enabled_plugins(const config::Configuration& configuration) {
    std::set<std::string> names;
    const config::Value* plugins = configuration.root().find("plugins");
    if (plugins == nullptr || plugins->object() == nullptr) return names;
    for (const config::Member& plugin : *plugins->object()) {
        const config::Value* enabled = plugin.value.find("enabled");
        if (enabled != nullptr && enabled->is(config::Kind::boolean) && std::get<bool>(enabled->data))
            names.insert(plugin.name);
    }
    return names;
}

config::Issues unloadable_plugins(const config::Configuration& configuration,
                                  const control::Catalogue& catalogue) {
    config::Issues issues;
    for (const std::string& name : enabled_plugins(configuration)) {
        const control::CatalogueEntry* entry = catalogue.find(name);
        if (entry != nullptr && entry->state != control::State::failed && entry->loaded) continue;
        issues.push_back(
            config::issue_at(configuration.root(), "plugins." + name + ".enabled",
                             "it cannot run: " + (entry == nullptr ? "its file is gone" : entry->reason),
                             "install a whole file of it, or plugins." + name + ".enabled: false"));
    }
    return issues;
}

void Settings::call(const std::string& node) {
    node_id = node;
    store.client.client_name = "streamhost-" + node;
    logging.node = node;
}

Settings settings_of(std::shared_ptr<const config::Configuration> configuration, StoreSettings store,
                     const TlsContexts& tls) {
    Settings out;
    const View root(configuration);
    out.store = std::move(store);
    out.configuration = std::move(configuration);
    out.call(node_id(root.require_string("node.id")));
    read_listeners(root, tls, out);
    read_limits(root, out);
    out.transport.limits.server.http = http_policy(*out.configuration);
    out.plugins = enabled_plugins(*out.configuration);
    out.handover = root.require_string("runtime.handover");
    const auto loops = number<std::size_t>(root, "runtime.loops");
    out.loops = loops > 0 ? loops : std::max(1U, std::thread::hardware_concurrency());
    out.delivery.loops = static_cast<std::uint32_t>(out.loops);
    out.short_workers = number<std::size_t>(root, "runtime.short_workers");
    out.long_workers = number<std::size_t>(root, "runtime.long_workers");
    out.logging.format =
        root.require_string("logging.format") == "json" ? observe::LogFormat::json : observe::LogFormat::text;
    out.logging.levels.level = log_level(root.require_string("logging.level"));
    out.logging.queue_limit = number<std::size_t>(root, "logging.queue_lines");
    out.drain.balancer_wait_ms = number<std::uint32_t>(root, "drain.balancer_wait_ms");
    out.drain.window_ms = number<std::uint32_t>(root, "drain.window_ms");
    out.transport.release_window_ms = out.drain.window_ms;
    out.drain.exit_within_ms = number<std::uint32_t>(root, "drain.exit_within_ms");
    out.drain.plugin_ms = number<std::uint32_t>(root, "drain.plugin_ms");
    return out;
}

}  // namespace streamhost::app
