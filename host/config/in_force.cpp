#include "config/in_force.hpp"

#include <optional>
#include <utility>

namespace streamhost::config {

namespace {

// Either side may be absent. `cost` is that of the key, which both schemas agree on: the host's own.
std::optional<Value> pick(const Value* before, const Value* after, const Schema* schema);

Reload cost_of(const Schema* schema) { return schema != nullptr ? schema->reload : Reload::restart; }

void pick_members(const Value* before, const Value* after, const Schema* schema, Value::Object& out) {
    const auto add = [&](const Member& member, const Value* was, const Value* is) {
        const Schema* part = schema != nullptr ? schema->member(member.name) : nullptr;
        if (auto value = pick(was, is, part)) out.push_back({member.name, member.origin, std::move(*value)});
    };
    if (after != nullptr)
        for (const Member& member : *after->object())
            add(member, before != nullptr ? before->find(member.name) : nullptr, &member.value);
    if (before == nullptr) return;
    for (const Member& member : *before->object())
        if (after == nullptr || after->find(member.name) == nullptr) add(member, &member.value, nullptr);
}

// Recursion: depth is bounded by kMaxDepth.
std::optional<Value> pick(const Value* before, const Value* after, const Schema* schema) {
    const Value* chosen = cost_of(schema) == Reload::restart ? before : after;
    const bool is_map = (before == nullptr || before->object() != nullptr) &&
                        (after == nullptr || after->object() != nullptr);
    // A listener that came waits with all that it has, and one that went goes on so.
    const bool is_whole = cost_of(schema) == Reload::restart && (before == nullptr || after == nullptr);
    if (!is_map || is_whole) return chosen != nullptr ? std::optional(*chosen) : std::nullopt;
    Value out;
    out.data = Value::Object();
    out.origin = (chosen != nullptr ? chosen : after != nullptr ? after : before)->origin;
    pick_members(before, after, schema, *out.object());
    if (chosen == nullptr && out.object()->empty()) return std::nullopt;
    return out;
}

}  // namespace

Configuration in_force(const Configuration& started, const std::shared_ptr<const Configuration>& accepted,
                       const Sections& sections) {
    const Schema& schema = accepted->schema();
    Value root = *pick(&started.root(), &accepted->root(), &schema);
    const Value* wanted = accepted->root().find("plugins");
    Value* plugins = root.find("plugins");
    if (wanted == nullptr || plugins == nullptr || plugins->object() == nullptr)
        return {accepted->schema_of(), std::move(root)};
    Value::Object shown;
    for (Member& member : *plugins->object()) {
        const auto own = sections.find(member.name);
        const Value* section =
            own == sections.end() ? wanted->find(member.name) : own->second->root().find("plugins");
        if (own != sections.end() && section != nullptr) section = section->find(member.name);
        if (member.name == "directory") {
            shown.push_back(std::move(member));
        } else if (section != nullptr) {
            shown.push_back({member.name, member.origin, *section});
        }
    }
    plugins->data = std::move(shown);
    return {accepted->schema_of(), std::move(root)};
}

}  // namespace streamhost::config
