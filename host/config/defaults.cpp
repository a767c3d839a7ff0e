#include <algorithm>
#include <utility>

#include "config/validator.hpp"

namespace streamhost::config {

namespace {

bool is_required(const Schema& schema, const std::string& name) {
    return std::find(schema.required.begin(), schema.required.end(), name) != schema.required.end();
}

// True when the value can stand without anybody having written it.
// Recursion: schemas are finite trees.
bool stands_alone(const Schema& schema) {
    if (schema.fallback) return true;
    if (schema.type != Type::object) return false;
    return std::all_of(schema.required.begin(), schema.required.end(), [&schema](const std::string& name) {
        const Schema* part = schema.property(name);
        return part != nullptr && stands_alone(*part);
    });
}

void put_below(const Value& fallback, Value& value) {
    if (!fallback.is(Kind::object) || !value.is(Kind::object)) return;
    const Value written = std::move(value);
    value = fallback;
    const Origin origin = written.origin;
    lay_over(value, written);
    value.origin = origin;
}

void add_absent(const Schema& schema, Value& value) {
    for (const Property& property : schema.properties) {
        if (value.find(property.name) != nullptr) continue;
        const bool optional_section =
            property.schema.type == Type::object && !is_required(schema, property.name);
        if (!property.schema.fallback && !(optional_section && stands_alone(property.schema))) continue;
        Value absent;
        if (property.schema.fallback) {
            absent = *property.schema.fallback;
        } else {
            absent.data = Value::Object();
        }
        value.object()->push_back({property.name, absent.origin, std::move(absent)});
    }
}

}  // namespace

// Recursion: depth is bounded by kMaxDepth.
void apply_defaults(const Schema& schema, Value& value) {
    if (schema.type == Type::array && schema.items && value.is(Kind::array)) {
        for (Value& item : *value.array())
            apply_defaults(*schema.items, item);
    }
    if (schema.type != Type::object) return;
    if (value.is(Kind::null)) value.data = Value::Object();
    if (!value.is(Kind::object)) return;
    if (schema.fallback) put_below(*schema.fallback, value);
    add_absent(schema, value);
    for (Member& member : *value.object()) {
        if (const Schema* part = schema.member(member.name)) apply_defaults(*part, member.value);
    }
}

}  // namespace streamhost::config
