#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/issue.hpp"
#include "config/scalar.hpp"
#include "config/value.hpp"

namespace Poco {
class RegularExpression;
}

namespace streamhost::config {

// What a part of the configuration may look like: a subset of JSON Schema (draft 2020-12) that can be checked
// completely and explained in one line per error. Written by plugin authors as JSON text:
//
//   type                  object, array, string, integer, number, boolean; without a type anything is allowed
//   properties, required, additionalProperties (a schema: a map of free names; true: anything; absent: no
//   others) items, enum, default, minimum, maximum, minLength, maxLength, pattern, title, description
//   x-secret              true: never shown, never taken from the command line
//   x-unit                "bytes" or "ms", for integers: "64KiB" and "5s" are accepted too
//   x-reload              what a change costs: "live" (nothing), "plugin" (that plugin starts anew),
//   "restart" (the
//                         host does); holds for everything below unless said again
//
// Any other keyword is an error: one that was ignored would be a check that somebody believes in.
// Differences from the standard: additionalProperties is false when absent; a default is applied, and one of
// an object lies below what is written, key by key.
//
// Immutable once parsed, shared by any threads. [any]
enum class Type { any, object, array, string, integer, number, boolean };
enum class Reload { live, plugin, restart };

struct Property;

struct Schema {
    using Bound = long double;  // holds every 64-bit integer exactly, which double does not

    Type type = Type::any;
    std::string title;
    std::string description;
    std::vector<Property> properties;
    std::vector<std::string> required;
    std::shared_ptr<const Schema> additional;  // null: no further names
    std::shared_ptr<const Schema> items;       // null: any items
    std::vector<Value> choices;                // enum
    std::optional<Value> fallback;             // default
    std::optional<Bound> minimum;
    std::optional<Bound> maximum;
    std::optional<std::uint64_t> min_length;  // in characters, not bytes
    std::optional<std::uint64_t> max_length;
    std::string pattern;  // searched for, not matched whole: anchor it with ^ and $
    std::shared_ptr<const Poco::RegularExpression> compiled_pattern;
    bool secret = false;
    Unit unit = Unit::none;
    Reload reload = Reload::restart;
    // What is said of a name that is not among the properties.
    std::string unknown_problem = "unknown key";
    std::string unknown_next_step = "correct or remove it";

    [[nodiscard]] const Schema* property(std::string_view name) const;
    // The schema that a member of that name has to meet, or null.
    [[nodiscard]] const Schema* member(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> property_names() const;
};

struct Property {
    std::string name;
    Schema schema;
};

struct Inherited {
    Reload reload = Reload::restart;
    bool secret = false;
};

// Reads a schema. On any mistake the result is empty and `issues` tell all of them, with `source` ("schema of
// plugin chat") in front and the place inside the schema as the path.
[[nodiscard]] std::optional<Schema> parse_schema(std::string_view json, const std::string& source,
                                                 const Inherited& inherited, Issues& issues);

[[nodiscard]] std::string_view type_name(Type type);
[[nodiscard]] std::string_view reload_name(Reload reload);

// One line for people: "an integer from 1 to 65535 (milliseconds, or a duration like 5s)".
[[nodiscard]] std::string describe(const Schema& schema);

// A bound or number as it would be written in JSON.
[[nodiscard]] std::string number_text(Schema::Bound number);

}  // namespace streamhost::config
