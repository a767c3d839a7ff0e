#include "config/loader.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "config/compose.hpp"
#include "config/file.hpp"
#include "config/layers.hpp"
#include "config/path.hpp"
#include "config/validator.hpp"
#include "config/yaml_reader.hpp"

namespace streamhost::config {

namespace {

std::optional<std::string> find_variable(const std::vector<std::string>& environment,
                                         const std::string& name) {
    for (const std::string& entry : environment) {
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
            return entry.substr(name.size() + 1);
        }
    }
    return std::nullopt;
}

void lay_text(std::string_view text, const Origin& origin, Value& root, Issues& issues) {
    auto value = read_yaml(text, origin.name, issues);
    if (!value || value->is(Kind::null)) return;
    if (!value->is(Kind::object)) {
        issues.push_back(
            {value->origin, {}, "expected a map of keys", {}, "start with a key, such as node:"});
        return;
    }
    if (root.object()->empty()) root.origin = value->origin;
    lay_over(root, std::move(*value));
}

Origin origin_of(const std::string& name) {
    return {SourceKind::file, std::make_shared<const std::string>(printable(name)), 0, 0};
}

void lay_file(const std::string& path, Value& root, Issues& issues) {
    const Origin origin = origin_of(path);
    std::string error;
    const auto text = read_file(path, YamlLimits().bytes, error);
    if (!text) {
        issues.push_back({origin, {}, "cannot be read: " + error, {}, "check the path and its rights"});
        return;
    }
    lay_text(*text, origin, root, issues);
}

// Recursion: depth is bounded by kMaxDepth.
void hide_references(Value& value) {
    value.secret = value.secret || value.expanded;
    if (Value::Array* items = value.array())
        for (Value& item : *items)
            hide_references(item);
    if (Value::Object* members = value.object())
        for (Member& member : *members)
            hide_references(member.value);
}

struct Draft {
    Value root;
    Issues errors;
    Issues warnings;
};

Draft draft(const Schema& schema, const Sources& sources) {
    Draft made;
    made.root.data = Value::Object();
    for (const std::string& file : sources.files)
        lay_file(file, made.root, made.errors);
    for (const Document& document : sources.documents)
        lay_text(document.text, origin_of(document.name), made.root, made.errors);
    lay_environment(schema, sources.environment, made.root, made.errors, made.warnings);
    lay_arguments(sources.arguments, made.root, made.errors);
    const ReferenceReader reader = system_references(
        [&sources](const std::string& name) { return find_variable(sources.environment, name); });
    expand_references(made.root, reader, made.errors);
    if (!sources.documents.empty()) hide_references(made.root);
    apply_defaults(schema, made.root);
    validate(schema, made.root, made.errors);
    return made;
}

}  // namespace

Loaded load(std::shared_ptr<const Schema> schema, const Sources& sources) {
    Draft made = draft(*schema, sources);
    Loaded loaded;
    loaded.errors = std::move(made.errors);
    loaded.warnings = std::move(made.warnings);
    sort_by_place(loaded.errors);
    sort_by_place(loaded.warnings);
    if (loaded.errors.empty()) {
        loaded.configuration = std::make_shared<const Configuration>(std::move(schema), std::move(made.root));
    }
    return loaded;
}

std::string peek(const Sources& sources, std::string_view path) {
    const Composed composed = compose({}, {.any_plugin = true});
    const Draft made = draft(*composed.schema, sources);
    const Value* value = find_path(made.root, path).value;
    return value != nullptr && value->text() != nullptr ? *value->text() : std::string();
}

}  // namespace streamhost::config
