#include "config/layers.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <simdjson.h>

#include "config/path.hpp"
#include "config/yaml_reader.hpp"

namespace streamhost::config {

namespace {

constexpr std::string_view kPrefix = "STREAMHOST_";
constexpr std::string_view kSeparator = "__";

// Names come raw from the environment and the command line: what a terminal could act on is escaped.
Origin origin_of(SourceKind kind, std::string_view name) {
    return {kind, std::make_shared<const std::string>(printable(name)), 0, 0};
}

bool is_text(std::string_view entry, const Origin& origin, Issues& issues) {
    if (simdjson::validate_utf8(entry)) return true;
    issues.push_back({origin, {}, "not UTF-8 text", {}, "write it as UTF-8"});
    return false;
}

// As an environment variable would spell it.
std::string folded(std::string_view name) {
    std::string out(name);
    std::transform(out.begin(), out.end(), out.begin(), [](char byte) {
        if (byte >= 'a' && byte <= 'z') return static_cast<char>(byte - 'a' + 'A');
        return byte == '-' || byte == '.' ? '_' : byte;
    });
    return out;
}

std::string lower(std::string_view name) {
    std::string out(name);
    std::transform(out.begin(), out.end(), out.begin(), [](char byte) {
        return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
    });
    return out;
}

void put(Value& root, const std::vector<std::string>& names, Value value) {
    const Origin origin = value.origin;
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
        Value parent;
        parent.origin = origin;
        parent.data = Value::Object{Member{*name, origin, std::move(value)}};
        value = std::move(parent);
    }
    lay_over(root, std::move(value));
}

bool check_depth(const std::vector<std::string>& names, const Origin& origin, Issues& issues) {
    if (names.size() < kMaxDepth) return true;
    issues.push_back(
        {origin, {}, "nested deeper than " + std::to_string(kMaxDepth) + " levels", {}, "shorten the path"});
    return false;
}

// Follows the names of one variable through schema and tree.
class NameResolver {
public:
    NameResolver(const Schema& schema, const Value& root) : schema_(&schema), value_(&root) {}

    std::string resolve(const std::string& name) {
        std::string known = find(name).value_or(lower(name));
        fallback_ = schema_ != nullptr && schema_->fallback ? schema_->fallback->find(known) : below(known);
        schema_ = schema_ != nullptr ? schema_->member(known) : nullptr;
        value_ = value_ != nullptr ? value_->find(known) : nullptr;
        return known;
    }

    [[nodiscard]] bool known() const { return schema_ != nullptr; }

private:
    [[nodiscard]] const Value* below(const std::string& name) const {
        return fallback_ != nullptr ? fallback_->find(name) : nullptr;
    }

    [[nodiscard]] std::optional<std::string> find(const std::string& name) const {
        const std::string wanted = folded(name);
        if (schema_ != nullptr) {
            for (const Property& property : schema_->properties) {
                if (folded(property.name) == wanted) return property.name;
            }
            if (schema_->fallback) {
                if (auto found = find_in(&*schema_->fallback, wanted)) return found;
            }
        }
        if (auto found = find_in(value_, wanted)) return found;
        return find_in(fallback_, wanted);
    }

    static std::optional<std::string> find_in(const Value* value, const std::string& wanted) {
        if (value == nullptr || value->object() == nullptr) return std::nullopt;
        for (const Member& member : *value->object()) {
            if (folded(member.name) == wanted) return member.name;
        }
        return std::nullopt;
    }

    const Schema* schema_;
    const Value* value_;
    const Value* fallback_ = nullptr;
};

std::vector<std::string> split_variable(std::string_view name) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = name.find(kSeparator);
        parts.emplace_back(name.substr(0, end));
        if (end == std::string_view::npos) return parts;
        name.remove_prefix(end + kSeparator.size());
    }
}

// Recursion: schemas are finite trees.
std::optional<std::string> single_underscore_key(const Schema& schema, std::string_view rest) {
    for (const Property& property : schema.properties) {
        const std::string name = folded(property.name);
        if (rest == name) return name;
        if (!rest.starts_with(name + '_')) continue;
        const auto below = single_underscore_key(property.schema, rest.substr(name.size() + 1));
        if (below) return name + std::string(kSeparator) + *below;
    }
    return std::nullopt;
}

void warn_if_meant(const Schema& schema, std::string_view name, Issues& warnings) {
    const auto key = single_underscore_key(schema, name.substr(kPrefix.size()));
    if (!key || key->find(kSeparator) == std::string::npos) return;
    warnings.push_back({origin_of(SourceKind::environment, name),
                        {},
                        "ignored: names are separated by two underscores",
                        {},
                        "write " + std::string(kPrefix) + *key});
}

void lay_variable(const Schema& schema, std::string_view name, std::string_view text, Value& root,
                  Issues& issues) {
    const Origin origin = origin_of(SourceKind::environment, name);
    if (!is_text(name, origin, issues)) return;
    NameResolver resolver(schema, root);
    std::vector<std::string> names;
    for (const std::string& part : split_variable(name.substr(kPrefix.size()))) {
        names.push_back(resolver.resolve(part));
        if (is_key_name(part)) continue;
        issues.push_back(
            {origin, {}, "an empty name between underscores", {}, "correct or unset the variable"});
        return;
    }
    if (!check_depth(names, origin, issues)) return;
    if (auto value = read_inline(text, origin, issues)) put(root, names, std::move(*value));
}

void lay_argument(std::string_view argument, Value& root, Issues& issues) {
    const std::size_t equals = argument.find('=');
    const std::string_view path = argument.substr(0, equals);
    const Origin origin = origin_of(SourceKind::command_line, path);
    if (!is_text(path, origin, issues)) return;
    const auto names = split_path(path);
    if (equals == std::string_view::npos || !names || names->empty()) {
        issues.push_back({origin, {}, "expected key.path=value", {}, "for example --set node.id=a"});
        return;
    }
    if (!check_depth(*names, origin, issues)) return;
    auto value = read_inline(argument.substr(equals + 1), origin, issues);
    if (value) put(root, *names, std::move(*value));
}

}  // namespace

void lay_environment(const Schema& schema, std::span<const std::string> environment, Value& root,
                     Issues& issues, Issues& warnings) {
    for (const std::string& entry : environment) {
        const std::string_view text = entry;
        const std::size_t equals = text.find('=');
        const std::string_view name = text.substr(0, equals);
        if (equals == std::string_view::npos || !name.starts_with(kPrefix)) continue;
        if (name.find(kSeparator) == std::string_view::npos) {
            warn_if_meant(schema, name, warnings);
        } else {
            lay_variable(schema, name, text.substr(equals + 1), root, issues);
        }
    }
}

void lay_arguments(std::span<const std::string> arguments, Value& root, Issues& issues) {
    for (const std::string& argument : arguments)
        lay_argument(argument, root, issues);
}

}  // namespace streamhost::config
