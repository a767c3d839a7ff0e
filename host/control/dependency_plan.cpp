#include "control/dependency_plan.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace streamhost::control {
namespace {

using NodesByName = std::map<std::string_view, const PlanNode*>;
using Names = std::set<std::string_view>;

Names providers_of(const NodesByName& nodes, std::string_view id) {
    Names names;
    for (const auto& [name, node] : nodes) {
        if (std::find(node->provided.begin(), node->provided.end(), id) != node->provided.end())
            names.insert(name);
    }
    return names;
}

std::string join(const Names& names, std::string_view between) {
    std::string text;
    for (const std::string_view name : names)
        text += (text.empty() ? "" : std::string(between)) + std::string(name);
    return text;
}

/// Works on the enabled plugins: takes out those that cannot start until what is left can be put in order.
class Planner {
public:
    explicit Planner(std::span<const PlanNode> nodes) {
        for (const PlanNode& node : nodes)
            (node.enabled ? left_ : disabled_).emplace(node.name, &node);
    }

    StartPlan run() {
        block_rivals();
        block_circles();
        while (block_unprovided()) {
        }
        StartPlan plan;
        plan.order = sort();
        for (auto& [name, reason] : blocked_)
            plan.blocked.push_back({std::string(name), std::move(reason)});
        return plan;
    }

private:
    void block(std::string_view name, std::string reason) {
        blocked_nodes_.emplace(name, left_.at(name));
        blocked_.emplace(name, std::move(reason));
        left_.erase(name);
    }

    void block_rivals() {
        std::map<std::string_view, std::string> rivals;
        for (const auto& [name, node] : left_) {
            for (const std::string& id : node->provided) {
                const Names providers = providers_of(left_, id);
                if (providers.size() < 2) continue;
                rivals.emplace(name, id + " has " + std::to_string(providers.size()) +
                                         " enabled providers (" + join(providers, ", ") +
                                         "): keep one of them enabled");
            }
        }
        for (auto& [name, reason] : rivals)
            block(name, std::move(reason));
    }

    /// Depth first over required services; a node met again on its own path closes a circle.
    bool find_circle(std::string_view name, std::vector<std::string_view>& path, Names& done) const {
        if (const auto again = std::find(path.begin(), path.end(), name); again != path.end()) {
            path.erase(path.begin(), again);
            return true;
        }
        if (done.contains(name)) return false;
        path.push_back(name);
        for (const std::string& id : left_.at(name)->required) {
            for (const std::string_view provider : providers_of(left_, id)) {
                if (find_circle(provider, path, done)) return true;
            }
        }
        path.pop_back();
        done.insert(name);
        return false;
    }

    std::optional<std::vector<std::string_view>> any_circle() const {
        Names done;
        for (const auto& [name, node] : left_) {
            std::vector<std::string_view> path;
            if (find_circle(name, path, done)) return path;
        }
        return std::nullopt;
    }

    void block_circles() {
        while (const auto circle = any_circle()) {
            std::string text;
            for (const std::string_view name : *circle)
                text += std::string(name) + " -> ";
            text += circle->front();
            for (const std::string_view name : *circle) {
                block(name, "it is in a circle of required services (" + text +
                                "): make one of them optional, or disable one plugin");
            }
        }
    }

    std::string why_missing(const std::string& id) const {
        for (const auto& [name, reason] : blocked_) {
            const PlanNode* node = blocked_nodes_.at(name);
            if (std::find(node->provided.begin(), node->provided.end(), id) != node->provided.end()) {
                return "its provider " + std::string(name) + " cannot start: see there";
            }
        }
        if (const Names off = providers_of(disabled_, id); !off.empty()) {
            return "its provider is disabled: enable " + join(off, " or ");
        }
        return "no installed plugin provides it: install one that does, or disable this one";
    }

    bool block_unprovided() {
        for (const auto& [name, node] : left_) {
            for (const std::string& id : node->required) {
                if (!providers_of(left_, id).empty()) continue;
                block(name, "it requires " + id + ", and " + why_missing(id));
                return true;
            }
        }
        return false;
    }

    bool all_placed(const std::vector<std::string>& ids, const Names& placed) const {
        return std::all_of(ids.begin(), ids.end(), [&](const std::string& id) {
            const Names providers = providers_of(left_, id);
            return std::all_of(providers.begin(), providers.end(),
                               [&](std::string_view provider) { return placed.contains(provider); });
        });
    }

    /// Among those whose required providers are placed, the first whose optional providers are placed too.
    /// There is always one, unless optional services close a circle; then the first by name breaks it.
    std::string_view next(const Names& placed) const {
        std::string_view fallback;
        for (const auto& [name, node] : left_) {
            if (placed.contains(name) || !all_placed(node->required, placed)) continue;
            if (all_placed(node->optional, placed)) return name;
            if (fallback.empty()) fallback = name;
        }
        return fallback;
    }

    std::vector<std::string> sort() const {
        Names placed;
        std::vector<std::string> order;
        while (order.size() < left_.size()) {
            const std::string_view name = next(placed);
            placed.insert(name);
            order.emplace_back(name);
        }
        return order;
    }

    NodesByName left_;
    NodesByName disabled_;
    NodesByName blocked_nodes_;
    std::map<std::string_view, std::string> blocked_;
};

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

const PlanNode* find_node(std::span<const PlanNode> nodes, std::string_view name) {
    const auto at =
        std::find_if(nodes.begin(), nodes.end(), [&](const PlanNode& n) { return n.name == name; });
    return at == nodes.end() ? nullptr : &*at;
}

std::set<std::string> provided_by(std::span<const PlanNode> nodes, const StartPlan& plan) {
    std::set<std::string> ids;
    for (const PlanNode& node : nodes) {
        if (plan.starts(node.name)) ids.insert(node.provided.begin(), node.provided.end());
    }
    return ids;
}

/// Plugins that run under both plans and for which an optional service is in `has` but not in `has_not`.
std::vector<TogglePlan::Step> optional_changes(std::span<const PlanNode> nodes, const StartPlan& before,
                                               const StartPlan& after, const std::set<std::string>& has,
                                               const std::set<std::string>& has_not) {
    std::vector<TogglePlan::Step> steps;
    for (const std::string& name : before.order) {
        if (!after.starts(name)) continue;
        for (const std::string& id : find_node(nodes, name)->optional) {
            if (has.contains(id) && !has_not.contains(id))
                steps.push_back({name, "uses " + id + " if present"});
        }
    }
    return steps;
}

std::string lines(std::string_view title, const std::vector<TogglePlan::Step>& steps) {
    std::string text;
    for (const TogglePlan::Step& step : steps)
        text += std::string(title) + step.name + ": " + step.because + "\n";
    return text;
}

}  // namespace

bool StartPlan::starts(std::string_view name) const { return contains(order, name); }

const Blocked* StartPlan::find_blocked(std::string_view name) const {
    const auto at =
        std::find_if(blocked.begin(), blocked.end(), [&](const Blocked& b) { return b.name == name; });
    return at == blocked.end() ? nullptr : &*at;
}

StartPlan plan_start(std::span<const PlanNode> nodes) { return Planner(nodes).run(); }

StopPlan plan_stop(std::span<const PlanNode> nodes) {
    const StartPlan started = plan_start(nodes);
    StopPlan plan;
    std::set<std::string> needed;  // by those that stay
    for (auto name = started.order.rbegin(); name != started.order.rend(); ++name) {
        const PlanNode& node = *find_node(nodes, *name);
        const bool is_needed = std::any_of(node.provided.begin(), node.provided.end(),
                                           [&](const std::string& id) { return needed.contains(id); });
        const bool stays = node.stops_last || is_needed;
        if (stays) needed.insert(node.required.begin(), node.required.end());
        (stays ? plan.last : plan.order).push_back(*name);
    }
    return plan;
}

TogglePlan plan_toggle(std::span<const PlanNode> nodes, std::string_view name, bool enable) {
    std::vector<PlanNode> wanted(nodes.begin(), nodes.end());
    for (PlanNode& node : wanted) {
        if (node.name == name) node.enabled = enable;
    }
    return plan_change(nodes, wanted, name);
}

TogglePlan plan_change(std::span<const PlanNode> now, std::span<const PlanNode> wanted,
                       std::string_view name) {
    TogglePlan plan;
    if (find_node(wanted, name) == nullptr) {
        plan.refused = "there is no plugin " + std::string(name) + ": see the list of plugins";
        return plan;
    }
    if (const StartPlan after = plan_start(wanted); const Blocked* blocked = after.find_blocked(name)) {
        plan.refused = std::string(name) + " cannot start: " + blocked->reason;
        return plan;
    }
    plan = plan_change(now, wanted);
    for (TogglePlan::Step& step : plan.starts)
        if (step.name == name) step.because = "switched on";
    return plan;
}

TogglePlan plan_change(std::span<const PlanNode> now, std::span<const PlanNode> wanted) {
    TogglePlan plan;
    const StartPlan before = plan_start(now);
    const StartPlan after = plan_start(wanted);
    for (auto at = before.order.rbegin(); at != before.order.rend(); ++at) {
        if (after.starts(*at)) continue;
        const Blocked* blocked = after.find_blocked(*at);
        plan.stops.push_back({*at, blocked == nullptr ? "switched off" : blocked->reason});
    }
    for (const std::string& one : after.order)
        if (!before.starts(one)) plan.starts.push_back({one, "what it requires is there now"});
    const auto old_ids = provided_by(now, before);
    const auto new_ids = provided_by(wanted, after);
    plan.degrades = optional_changes(now, before, after, old_ids, new_ids);
    plan.improves = optional_changes(wanted, before, after, new_ids, old_ids);
    return plan;
}

std::string TogglePlan::text() const {
    if (!refused.empty()) return "refused: " + refused + "\n";
    std::string text = lines("stops     ", stops) + lines("starts    ", starts) +
                       lines("degrades  ", degrades) + lines("improves  ", improves);
    return text.empty() ? "nothing changes\n" : text;
}

}  // namespace streamhost::control
