#include "app/contradictions.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <Poco/Exception.h>

#include "streamhost/abi/svc/auth.h"
#include "streamhost/abi/svc/recovery.h"
#include "streamhost/abi/svc/session.h"

#include "app/settings.hpp"
#include "config/path.hpp"
#include "net/listen_address.hpp"

namespace streamhost::app {

namespace {

using Nodes = std::span<const control::PlanNode>;
using Poco::Net::SocketAddress;

bool is_required(const config::Configuration& configuration, std::string_view path) {
    const config::Value* value = config::find_path(configuration.root(), path).value;
    return value != nullptr && value->text() != nullptr && *value->text() == "required";
}

bool is_enabled(Nodes plugins, std::string_view name) {
    return std::any_of(plugins.begin(), plugins.end(),
                       [&](const control::PlanNode& node) { return node.enabled && node.name == name; });
}

bool is_provided(Nodes plugins, std::string_view id) {
    return std::any_of(plugins.begin(), plugins.end(), [&](const control::PlanNode& node) {
        return node.enabled &&
               std::find(node.provided.begin(), node.provided.end(), id) != node.provided.end();
    });
}

constexpr const char* kNobodyJudges =
    "asks for tokens, and no enabled plugin judges them (" SH_SVC_AUTH "): ";

std::string enabled_key(const std::string& plugin) { return "plugins." + plugin + ".enabled"; }

// ":0" is another port each time.
bool are_one(const SocketAddress& one, const SocketAddress& other) {
    if (one.family() != other.family()) return false;
    if (one.family() == SocketAddress::UNIX_LOCAL) return one.toString() == other.toString();
    if (one.port() != other.port() || one.port() == 0) return false;
    return one.host() == other.host() || one.host().isWildcard() || other.host().isWildcard();
}

// Nothing for a text that the opening of listeners will complain about.
std::optional<SocketAddress> address_of(const config::Value& listener) {
    const config::Value* address = listener.find("address");
    if (address == nullptr || address->text() == nullptr) return std::nullopt;
    try {
        return net::parse_address(*address->text());
    } catch (const Poco::Exception&) {
        return std::nullopt;
    }
}

}  // namespace

std::vector<control::PlanNode> plan_nodes(const config::Configuration& configuration,
                                          const control::Catalogue& catalogue) {
    const std::set<std::string> enabled = enabled_plugins(configuration);
    std::vector<control::PlanNode> nodes;
    for (const auto& [name, entry] : catalogue.entries()) {
        if (!entry.loaded) continue;
        const control::PluginDescriptor& is = entry.loaded->descriptor;
        nodes.push_back({name, is.provided, is.required, is.optional, enabled.contains(name)});
    }
    return nodes;
}

std::vector<control::PlanNode> plan_nodes(std::span<const control::PluginView> plugins,
                                          const control::TogglePlan& plan) {
    std::vector<control::PlanNode> nodes;
    for (const control::PluginView& plugin : plugins) {
        const bool stops = std::any_of(plan.stops.begin(), plan.stops.end(),
                                       [&](const auto& step) { return step.name == plugin.name; });
        nodes.push_back({plugin.name, plugin.provided, {}, {}, plugin.wanted && !stops});
    }
    return nodes;
}

config::Issues contradictions(const config::Configuration& configuration, Nodes plugins,
                              bool admin_is_locked) {
    config::Issues issues;
    const auto complain = [&](const std::string& path, std::string problem, std::string next) {
        issues.push_back(config::issue_at(configuration.root(), path, std::move(problem), std::move(next)));
    };
    for (const control::Blocked& blocked : control::plan_start(plugins).blocked)
        complain(enabled_key(blocked.name), "it cannot run: " + blocked.reason,
                 "mend that, or " + enabled_key(blocked.name) + ": false");
    if (is_enabled(plugins, "gateway") && is_required(configuration, "plugins.gateway.authentication") &&
        !is_provided(plugins, SH_SVC_AUTH))
        complain("plugins.gateway.authentication", std::string(kNobodyJudges) + "nobody gets in",
                 "plugins.auth.enabled: true with your keys, or authentication: none");
    if (auto shut = why_admin_is_shut(configuration, plugins, admin_is_locked))
        issues.push_back(*std::move(shut));
    return issues;
}

std::optional<config::Issue> why_admin_is_shut(const config::Configuration& configuration, Nodes plugins,
                                               bool admin_is_locked) {
    constexpr const char* kKey = "listeners.admin.authentication";
    if (!admin_is_locked && !is_required(configuration, kKey)) return std::nullopt;
    if (is_provided(plugins, SH_SVC_AUTH)) return std::nullopt;
    return config::issue_at(
        configuration.root(), kKey,
        std::string(kNobodyJudges) + "the admin API would answer 503 to everything, the way back included",
        "plugins.auth.enabled: true with your keys; or authentication: none, which a running node takes "
        "with its next start");
}

std::optional<config::Issue> why_nobody_is_welcomed(const config::Configuration& configuration,
                                                    Nodes plugins) {
    if (!is_enabled(plugins, "gateway")) return std::nullopt;
    std::string missing;
    for (const auto& [id, plugin] : {std::pair{SH_SVC_SESSION, "session"}, {SH_SVC_RECOVERY, "recovery"}})
        if (!is_provided(plugins, id)) missing += (missing.empty() ? "" : " and ") + std::string(plugin);
    if (missing.empty()) return std::nullopt;
    return config::issue_at(configuration.root(), enabled_key("gateway"),
                            "the gateway refuses every hello without " + missing,
                            "enable " + missing + ", or switch the gateway off");
}

config::Issues shared_addresses(const config::Configuration& configuration) {
    config::Issues issues;
    std::vector<std::pair<std::string, SocketAddress>> taken;
    const config::Value* listeners = configuration.root().find("listeners");
    if (listeners == nullptr || listeners->object() == nullptr) return issues;
    for (const config::Member& listener : *listeners->object()) {
        const auto address = address_of(listener.value);
        if (!address) continue;
        for (const auto& [name, other] : taken)
            if (are_one(*address, other))
                issues.push_back(config::issue_at(configuration.root(),
                                                  "listeners." + listener.name + ".address",
                                                  "listeners." + name + " listens there already",
                                                  "give each listener an address, or a port, of its own"));
        taken.emplace_back(listener.name, *address);
    }
    return issues;
}

}  // namespace streamhost::app
