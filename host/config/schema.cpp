#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "config/emit.hpp"

namespace streamhost::config {

const Schema* Schema::property(std::string_view name) const {
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [name](const Property& known) { return known.name == name; });
    return found == properties.end() ? nullptr : &found->schema;
}

const Schema* Schema::member(std::string_view name) const {
    const Schema* known = property(name);
    return known != nullptr ? known : additional.get();
}

std::vector<std::string> Schema::property_names() const {
    std::vector<std::string> names;
    names.reserve(properties.size());
    for (const Property& known : properties)
        names.push_back(known.name);
    return names;
}

std::string_view type_name(Type type) {
    static constexpr std::array<std::string_view, 7> kNames = {"any",     "object", "array",  "string",
                                                               "integer", "number", "boolean"};
    return kNames.at(static_cast<std::size_t>(type));
}

std::string_view reload_name(Reload reload) {
    static constexpr std::array<std::string_view, 3> kNames = {"live", "plugin", "restart"};
    return kNames.at(static_cast<std::size_t>(reload));
}

std::string number_text(Schema::Bound number) {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out.precision(std::floor(number) == number ? 20 : 15);
    out << number;
    return out.str();
}

namespace {

std::string joined(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 16;
    std::string out;
    for (std::size_t index = 0; index < std::min(names.size(), kShown); ++index) {
        out += (index == 0 ? "" : ", ") + names[index];
    }
    return names.size() > kShown ? out + ", ..." : out;
}

std::string range(const std::optional<Schema::Bound>& low, const std::optional<Schema::Bound>& high) {
    if (low && high) return " from " + number_text(*low) + " to " + number_text(*high);
    if (low) return " of at least " + number_text(*low);
    if (high) return " of at most " + number_text(*high);
    return {};
}

std::optional<Schema::Bound> as_bound(const std::optional<std::uint64_t>& length) {
    if (!length) return std::nullopt;
    return static_cast<Schema::Bound>(*length);
}

std::string describe_string(const Schema& schema) {
    std::string out = "a string";
    const std::string lengths = range(as_bound(schema.min_length), as_bound(schema.max_length));
    if (!lengths.empty()) out += lengths + " characters";
    if (!schema.pattern.empty()) out += " matching " + schema.pattern;
    return out;
}

std::string describe_object(const Schema& schema) {
    if (schema.properties.empty())
        return schema.additional ? "a map of names of your choice" : "an empty map";
    return "the keys " + joined(schema.property_names()) +
           (schema.additional ? " and names of your choice" : "");
}

std::string describe_number(const Schema& schema) {
    const std::string kind = schema.type == Type::integer ? "an integer" : "a number";
    const std::string unit(unit_help(schema.unit));
    return kind + range(schema.minimum, schema.maximum) + (unit.empty() ? "" : " (" + unit + ")");
}

std::string describe_choices(const Schema& schema) {
    std::vector<std::string> texts;
    for (const Value& choice : schema.choices)
        texts.push_back(scalar_text(choice));
    return (texts.size() == 1 ? "only " : "one of ") + joined(texts);
}

}  // namespace

// Recursion: schemas are finite trees.
std::string describe(const Schema& schema) {
    if (!schema.choices.empty()) return describe_choices(schema);
    switch (schema.type) {
    case Type::object: return describe_object(schema);
    case Type::array: return schema.items ? "a list, each item " + describe(*schema.items) : "a list";
    case Type::string: return describe_string(schema);
    case Type::integer:
    case Type::number: return describe_number(schema);
    case Type::boolean: return "true or false";
    case Type::any: break;
    }
    return "anything";
}

}  // namespace streamhost::config
