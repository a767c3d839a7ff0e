#include "facts.hpp"

#include <simdjson.h>

namespace health {

namespace {

using Element = simdjson::dom::element;

std::string text_of(const Element& object, std::string_view name) {
    std::string_view text;
    return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::uint64_t count_of(const Element& object, std::string_view name) {
    std::uint64_t number = 0;
    return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

// simdjson tells whole numbers from others.
double number_of(const Element& object, std::string_view name) {
    double number = 0;
    return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

void keep(const Element& root, std::string_view name, std::string& json) {
    Element part;
    if (root[name].get(part) == simdjson::SUCCESS) json = simdjson::minify(part);
}

std::vector<LoopFacts> read_loops(const Element& root) {
    std::vector<LoopFacts> loops;
    simdjson::dom::array list;
    if (root["loops"].get(list) != simdjson::SUCCESS) return loops;
    for (const Element loop : list)
        loops.push_back({text_of(loop, "name"), number_of(loop, "stuck_ms")});
    return loops;
}

std::vector<ComponentFacts> read_components(const Element& plugin) {
    std::vector<ComponentFacts> components;
    simdjson::dom::object list;
    if (plugin["components"].get(list) != simdjson::SUCCESS) return components;
    for (const auto& [name, component] : list)
        components.push_back({std::string(name), text_of(component, "state"), text_of(component, "detail")});
    return components;
}

std::vector<PluginFacts> read_plugins(const Element& root) {
    std::vector<PluginFacts> plugins;
    simdjson::dom::object list;
    if (root["plugins"].get(list) != simdjson::SUCCESS) return plugins;
    for (const auto& [name, plugin] : list) {
        bool is_wanted = false;
        if (plugin["enabled"].get(is_wanted) != simdjson::SUCCESS) is_wanted = false;
        plugins.push_back({std::string(name), text_of(plugin, "state"), text_of(plugin, "reason"), is_wanted,
                           read_components(plugin)});
    }
    return plugins;
}

}  // namespace

Facts read_report(std::string_view json) {
    Facts facts;
    simdjson::dom::parser parser;
    Element root;
    if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS || !root.is_object())
        return facts;
    facts.node = text_of(root, "nodeId");
    facts.server = text_of(root, "server");
    facts.phase = text_of(root, "phase");
    facts.uptime_ms = count_of(root, "uptime_ms");
    facts.connections = count_of(root, "connections");
    facts.websockets = count_of(root, "websockets");
    facts.connection_limit = count_of(root, "connection_limit");
    facts.loops = read_loops(root);
    facts.plugins = read_plugins(root);
    keep(root, "loops", facts.loops_json);
    keep(root, "transports", facts.transports_json);
    keep(root, "plugins", facts.plugins_json);
    keep(root, "store", facts.store_json);
    Element store;
    if (root["store"].get(store) == simdjson::SUCCESS) {
        facts.store_kind = text_of(store, "kind");
        facts.store_state = text_of(store, "state");
        facts.store_reason = text_of(store, "reason");
        facts.store_refusal = text_of(store, "refusal");
        if (store["reached"].get(facts.was_store_reached) != simdjson::SUCCESS)
            facts.was_store_reached = true;
    }
    facts.is_readable = !facts.phase.empty();
    return facts;
}

}  // namespace health
