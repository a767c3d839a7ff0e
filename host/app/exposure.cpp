#include "app/exposure.hpp"

#include <initializer_list>
#include <string>
#include <utility>
#include <variant>

#include <Poco/Exception.h>

#include "streamhost/local_host.hpp"

#include "net/http_text.hpp"
#include "net/listen_address.hpp"

namespace streamhost::app {

namespace {

bool is_reachable_by_others(const std::string& address) {
    try {
        return !net::is_local(net::parse_address(address));
    } catch (const Poco::Exception&) {
        return false;
    }
}

const config::Value* find(const config::Configuration& configuration,
                          std::initializer_list<std::string_view> path) {
    const config::Value* value = &configuration.root();
    for (const std::string_view name : path)
        if (value != nullptr) value = value->find(name);
    return value;
}

bool is_true(const config::Value* value) {
    const bool* flag = value == nullptr ? nullptr : std::get_if<bool>(&value->data);
    return flag != nullptr && *flag;
}

bool is_required(const config::Value* value) {
    return value != nullptr && value->text() != nullptr && *value->text() == "required";
}

bool asks_for_tokens(const config::Configuration& configuration) {
    return is_required(find(configuration, {"plugins", "gateway", "authentication"}));
}

// Who has the plugin that reads tokens means them to be asked for.
void check_gateway(const config::Configuration& configuration, config::Issues& issues) {
    const bool has_both = is_true(find(configuration, {"plugins", "auth", "enabled"})) &&
                          is_true(find(configuration, {"plugins", "gateway", "enabled"}));
    if (!has_both || asks_for_tokens(configuration)) return;
    const config::Value* value = find(configuration, {"plugins", "gateway", "authentication"});
    issues.push_back({value == nullptr ? config::Origin() : value->origin, "plugins.gateway.authentication",
                      "the plugin auth is enabled, and the gateway lets everybody in without a token",
                      "required", "set it to required, or switch plugins.auth off"});
}

// Nothing: whoever reaches the listener has to say who they are.
std::string reason_against(const config::Configuration& configuration, std::string_view listener) {
    if (is_true(find(configuration, {"plugins", "auth", "dev_tokens", "enabled"})))
        return "and plugins.auth.dev_tokens gives a token to anybody";
    if (listener == "admin") {
        const bool is_locked = is_required(find(configuration, {"listeners", "admin", "authentication"}));
        return is_locked ? std::string() : "and whoever reaches the admin listener may do everything";
    }
    const bool has_gateway = is_true(find(configuration, {"plugins", "gateway", "enabled"}));
    if (has_gateway && !asks_for_tokens(configuration))
        return "and plugins.gateway.authentication lets everybody in without a token";
    return {};
}

config::Value object_of(std::initializer_list<std::pair<const char*, config::Value::Data>> members) {
    config::Value::Object object;
    for (const auto& [name, data] : members) {
        config::Value value;
        value.data = data;
        object.push_back({name, {}, std::move(value)});
    }
    config::Value out;
    out.data = std::move(object);
    return out;
}

// What listens now, as a section of the configuration says it.
config::Value listeners_of(const Settings& running) {
    config::Value::Object listeners;
    for (const Settings::Listener& listener : running.listeners)
        listeners.push_back({listener.name, {}, object_of({{"address", listener.address}})});
    const std::string asks = running.admin_lock.needs_token ? "required" : "none";
    listeners.push_back(
        {"admin", {}, object_of({{"address", running.admin_address}, {"authentication", asks}})});
    config::Value out;
    out.data = std::move(listeners);
    return out;
}

// `changed` over what stays.
config::Issues issues_of(const Settings& running, const config::Configuration& changed, config::Value over) {
    config::Value root = changed.root();
    if (config::Value* listeners = root.find("listeners")) *listeners = listeners_of(running);
    config::lay_over(root, std::move(over));
    config::Issues issues = exposure_issues(config::Configuration(nullptr, std::move(root)));
    for (config::Issue& issue : issues)
        if (issue.path.starts_with("listeners."))
            issue.next_step += "; its address changes when the host is started anew";
    return issues;
}

}  // namespace

config::Issues exposure_issues(const config::Configuration& configuration) {
    config::Issues issues;
    check_gateway(configuration, issues);
    const config::Value* listeners = configuration.root().find("listeners");
    if (listeners == nullptr || listeners->object() == nullptr) return issues;
    for (const config::Member& listener : *listeners->object()) {
        const config::Value* address = listener.value.find("address");
        if (address == nullptr || address->text() == nullptr || !is_reachable_by_others(*address->text()))
            continue;
        const std::string reason = reason_against(configuration, listener.name);
        if (reason.empty()) continue;
        issues.push_back({address->origin, "listeners." + listener.name + ".address",
                          (address->secret ? "the address" : *address->text()) +
                              " can be reached from other machines, " + reason,
                          "a loopback address, such as 127.0.0.1 or [::1], or unix:/path",
                          listener.name == "admin"
                              ? "listen on loopback, or ask for tokens: plugins.auth and "
                                "listeners.admin.authentication: required"
                              : "listen on loopback, or ask for tokens: plugins.auth and "
                                "plugins.gateway.authentication: required"});
    }
    return issues;
}

config::Issues exposure_issues(const Settings& running, const config::Configuration& changed) {
    return issues_of(running, changed, {});
}

std::string why_not_switched(const Settings& running, std::string_view plugin, bool enable) {
    config::Value section;
    section.data = config::Value::Object{{std::string(plugin), {}, object_of({{"enabled", enable}})}};
    const config::Issues issues =
        issues_of(running, *running.configuration, object_of({{"plugins", section.data}}));
    if (issues.empty()) return {};
    return config::one_line(issues.front());
}

bool is_own_host(std::string_view host, std::string_view listen_address) {
    if (host.empty() || is_local_host(host)) return true;
    const std::string_view name = without_port(host);
    return !name.empty() && net::equal_ignoring_case(name, without_port(listen_address));
}

}  // namespace streamhost::app
