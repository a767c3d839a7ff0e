#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/origin.hpp"

namespace streamhost::config {

// A configuration value that remembers where it was written. A tree from one file, from one environment
// variable or from the schema's defaults has the same shape, so layers merge and errors still point home.
//
// Not synchronised: built and merged by one thread, then only read. Depth is bounded by the readers
// (kMaxDepth), which is what makes the recursive walks over a tree safe.
inline constexpr std::size_t kMaxDepth = 32;

struct Member;

enum class Kind { null, boolean, integer, number, string, array, object };

struct Value {
    using Array = std::vector<Value>;
    using Object = std::vector<Member>;  // in the order written; names are unique
    using Data = std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object>;

    Data data;
    Origin origin;
    std::string plain;      // an unquoted scalar as written ("042" and "1e3" keep their looks), else empty
    bool loose = false;     // came from a source without types: text that looks like a number may be a string
    bool secret = false;    // never shown
    bool expanded = false;  // a ${...} reference was replaced in it

    [[nodiscard]] Kind kind() const { return static_cast<Kind>(data.index()); }
    [[nodiscard]] bool is(Kind wanted) const { return kind() == wanted; }
    [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&data); }
    [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data); }
    [[nodiscard]] Array* array() { return std::get_if<Array>(&data); }
    [[nodiscard]] const Object* object() const { return std::get_if<Object>(&data); }
    [[nodiscard]] Object* object() { return std::get_if<Object>(&data); }

    // The member of that name, or null (also when this is no object).
    [[nodiscard]] const Value* find(std::string_view name) const;
    [[nodiscard]] Value* find(std::string_view name);
};

struct Member {
    std::string name;
    Origin origin;  // of the name
    Value value;
};

// Same content, wherever it was written. 1 and 1.0 differ.
[[nodiscard]] bool same_content(const Value& left, const Value& right);

[[nodiscard]] std::string_view kind_name(Kind kind);

// Lays `upper` over `lower`: objects merge key by key, everything else is replaced whole (arrays too). A key
// without a value above an object changes nothing, so a section whose lines are all commented out is
// harmless.
void lay_over(Value& lower, Value upper);

}  // namespace streamhost::config
