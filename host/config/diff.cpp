#include "config/diff.hpp"

#include <utility>

#include "config/emit.hpp"
#include "config/path.hpp"

namespace streamhost::config {

namespace {

struct Side {
    const Value* value = nullptr;
    const Schema* schema = nullptr;

    [[nodiscard]] Side member(const std::string& name) const {
        return {value != nullptr ? value->find(name) : nullptr,
                schema != nullptr ? schema->member(name) : nullptr};
    }
    [[nodiscard]] const Value::Object* members() const {
        return value != nullptr ? value->object() : nullptr;
    }
    [[nodiscard]] bool is_empty_map() const { return members() != nullptr && members()->empty(); }
};

class Comparison {
public:
    // Recursion: depth is bounded by kMaxDepth.
    void compare(const Side& before, const Side& after, const std::string& path) {
        if (before.members() == nullptr && after.members() == nullptr)
            return compare_leaf(before, after, path);
        const bool one_is_absent = before.value == nullptr || after.value == nullptr;
        const bool both_maps = before.members() != nullptr && after.members() != nullptr;
        if (!one_is_absent && !both_maps) return add(before, after, path);
        if (one_is_absent && (before.is_empty_map() || after.is_empty_map())) return add(before, after, path);
        compare_members(before, after, path);
    }

    std::vector<Change> take() { return std::move(changes_); }

private:
    // Recursion: depth is bounded by kMaxDepth.
    void compare_members(const Side& before, const Side& after, const std::string& path) {
        if (after.members() != nullptr) {
            for (const Member& member : *after.members()) {
                compare(before.member(member.name), after.member(member.name), join_path(path, member.name));
            }
        }
        if (before.members() == nullptr) return;
        for (const Member& member : *before.members()) {
            if (after.member(member.name).value != nullptr) continue;
            compare(before.member(member.name), after.member(member.name), join_path(path, member.name));
        }
    }

    void compare_leaf(const Side& before, const Side& after, const std::string& path) {
        const bool both = before.value != nullptr && after.value != nullptr;
        if (!both || !same_content(*before.value, *after.value)) add(before, after, path);
    }

    void add(const Side& before, const Side& after, const std::string& path) {
        const Value* there = after.value != nullptr ? after.value : before.value;
        if (there == nullptr) return;  // absent before and after: no change
        Change change;
        change.path = path;
        change.plugin = plugin_of(path);
        if (before.value == nullptr) change.kind = ChangeKind::added;
        if (after.value == nullptr) change.kind = ChangeKind::removed;
        const Schema* schema = after.schema != nullptr ? after.schema : before.schema;
        if (schema != nullptr) change.reload = schema->reload;
        if (before.value != nullptr) change.before = to_json(*before.value);
        if (after.value != nullptr) change.after = to_json(*after.value);
        change.where = there->origin;
        changes_.push_back(std::move(change));
    }

    // plugins.directory has no third name and belongs to no plugin.
    static std::string plugin_of(const std::string& path) {
        const auto names = split_path(path);
        return names && names->size() > 2 && names->front() == "plugins" ? (*names)[1] : std::string();
    }

    std::vector<Change> changes_;
};

std::string or_nothing(const std::string& text) { return text.empty() ? "nothing" : text; }

}  // namespace

std::vector<Change> diff(const Configuration& before, const Configuration& after) {
    Comparison comparison;
    comparison.compare({&before.root(), &before.schema()}, {&after.root(), &after.schema()}, {});
    return comparison.take();
}

std::string format(const Change& change) {
    return change.path + ": " + or_nothing(change.before) + " -> " + or_nothing(change.after) + " (" +
           std::string(reload_name(change.reload)) + ", " + change.where.text() + ')';
}

}  // namespace streamhost::config
