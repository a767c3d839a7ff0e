#include "app/change_plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "streamhost/json_object.hpp"

namespace streamhost::app {

namespace {

using config::Reload;
using streamhost::JsonObject;

constexpr std::string_view kWebSocketRoute = "websocket route";  // of bridge::TransportHub

bool is_enabled(const config::Configuration& configuration, const std::string& plugin) {
    const config::Value* value = configuration.root().find("plugins");
    for (const std::string_view name : {std::string_view(plugin), std::string_view("enabled")})
        if (value != nullptr) value = value->find(name);
    const bool* flag = value == nullptr ? nullptr : std::get_if<bool>(&value->data);
    return flag != nullptr && *flag;
}

std::string_view kind_name(config::ChangeKind kind) {
    if (kind == config::ChangeKind::added) return "added";
    return kind == config::ChangeKind::removed ? "removed" : "changed";
}

std::string steps_json(const std::vector<control::TogglePlan::Step>& steps) {
    return json_array(steps, [](const control::TogglePlan::Step& step) {
        return JsonObject().text("plugin", step.name).text("because", step.because).done();
    });
}

/// What becomes of one plugin.
struct Fate {
    bool runs = false;
    bool is_switched = false;
    bool is_changed = false;
    bool needs_restart = false;
};

class Planner {
public:
    Planner(const config::Configuration& running, const config::Configuration& wanted,
            const std::vector<control::PluginView>& plugins)
        : changes_(config::diff(running, wanted)) {
        for (const config::Change& change : changes_)
            if (!change.plugin.empty()) count(change, fates_[change.plugin]);
        for (const control::PluginView& plugin : plugins)
            look_at(plugin, wanted);
    }

    ChangePlan plan() {
        for (config::Change& change : changes_) {
            const Effect effect = effect_of(change);
            if (effect == Effect::kRestartsNode) out_.node.push_back(change.path);
            out_.changes.push_back({std::move(change), effect});
        }
        for (const auto& [name, fate] : fates_) {
            if (fate.is_switched || !fate.runs || !fate.is_changed) continue;
            out_.sections.push_back(name);
            if (fate.needs_restart) add(out_.restarts, name);
        }
        return std::move(out_);
    }

private:
    void look_at(const control::PluginView& plugin, const config::Configuration& wanted) {
        Fate& fate = fates_[plugin.name];
        fate.runs = plugin.state == control::State::started;
        const auto routes = plugin.handles.find(kWebSocketRoute);
        if (routes != plugin.handles.end() && routes->second > 0) has_clients_.insert(plugin.name);
        // What an operator switched by hand stays so until its section changes; one that failed gets another
        // chance with its new section.
        const bool is_wanted = is_enabled(wanted, plugin.name);
        fate.is_switched = fate.is_changed && (is_wanted != plugin.wanted || (is_wanted && !fate.runs));
        if (!fate.is_switched) return;
        if (is_wanted)
            out_.starts.push_back(plugin.name);
        else
            add(out_.stops, plugin.name);
    }
    static void count(const config::Change& change, Fate& fate) {
        fate.is_changed = true;
        fate.needs_restart = fate.needs_restart || change.reload != Reload::live;
    }
    // A section is taken whole or not at all: one key that needs a restart has the others wait for it.
    Effect effect_of(const config::Change& change) {
        if (change.plugin.empty())
            return change.reload == Reload::live ? Effect::kAtOnce : Effect::kRestartsNode;
        const Fate& fate = fates_[change.plugin];
        if (fate.is_switched) return Effect::kSwitchesPlugin;
        if (!fate.runs) return Effect::kNothing;
        return fate.needs_restart ? Effect::kRestartsPlugin : Effect::kAtOnce;
    }
    void add(std::vector<std::string>& names, const std::string& name) {
        names.push_back(name);
        if (has_clients_.contains(name)) out_.disconnect.push_back(name);
    }

    std::vector<config::Change> changes_;
    std::map<std::string, Fate> fates_;
    std::set<std::string> has_clients_;
    ChangePlan out_;
};

}  // namespace

std::string_view to_string(Effect effect) {
    switch (effect) {
    case Effect::kAtOnce: return "at_once";
    case Effect::kRestartsPlugin: return "restarts_plugin";
    case Effect::kSwitchesPlugin: return "switches_plugin";
    case Effect::kRestartsNode: return "restarts_node";
    case Effect::kNothing: break;
    }
    return "nothing";
}

ChangePlan plan_changes(const config::Configuration& running, const config::Configuration& wanted,
                        const std::vector<control::PluginView>& plugins) {
    return Planner(running, wanted, plugins).plan();
}

void add_others(ChangePlan& plan, const control::TogglePlan& switches) {
    for (const control::TogglePlan::Step& step : switches.stops)
        if (std::find(plan.stops.begin(), plan.stops.end(), step.name) == plan.stops.end())
            plan.also_stop.push_back(step);
    plan.degrade = switches.degrades;
}

std::vector<ChangePlan::Entry> as_entries(const std::vector<config::Change>& waiting) {
    std::vector<ChangePlan::Entry> entries;
    for (const config::Change& change : waiting)
        entries.push_back({change, change.plugin.empty() ? Effect::kRestartsNode : Effect::kRestartsPlugin});
    return entries;
}

std::string to_json(const std::vector<ChangePlan::Entry>& changes) {
    return json_array(changes, [](const ChangePlan::Entry& entry) {
        const config::Change& change = entry.change;
        return JsonObject()
            .text("path", change.path)
            .text("kind", kind_name(change.kind))
            .json("before", change.before.empty() ? "null" : change.before)
            .json("after", change.after.empty() ? "null" : change.after)
            .text("effect", to_string(entry.effect))
            .text_if("plugin", change.plugin)
            .text("where", change.where.text())
            .done();
    });
}

std::string summary_json(const ChangePlan& plan, std::uint64_t websockets) {
    return JsonObject()
        .json("restarts", json_array(plan.restarts))
        .json("starts", json_array(plan.starts))
        .json("stops", json_array(plan.stops))
        .json("also_stop", steps_json(plan.also_stop))
        .json("degrade", steps_json(plan.degrade))
        .json("node", json_array(plan.node))
        .json("disconnects", json_array(plan.disconnect))
        .number("clients", plan.disconnect.empty() ? 0 : websockets)
        .done();
}

}  // namespace streamhost::app
