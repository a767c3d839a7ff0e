#include "config/json_schema.hpp"

#include <cmath>
#include <sstream>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include "config/json_value.hpp"

namespace streamhost::config {

namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

constexpr const char* kReference = "\\$\\{(env|file):[^}]+\\}";
constexpr const char* kSize = "^[0-9]+(\\.[0-9]+)? ?(B|[KMGT]iB|[kMGT]B)$";
constexpr const char* kDuration = "^[0-9]+(\\.[0-9]+)? ?(ms|s|m|h|d)$";

Object::Ptr new_object() { return new Object(Poco::JSON_PRESERVE_KEY_ORDER); }

Poco::Dynamic::Var bound(Schema::Bound number) {
    if (std::floor(number) == number) return static_cast<Poco::Int64>(number);
    return static_cast<double>(number);
}

Object::Ptr write(const Schema& schema);

void write_annotations(const Schema& schema, Object& out) {
    if (!schema.title.empty()) out.set("title", schema.title);
    if (!schema.description.empty()) out.set("description", schema.description);
    if (schema.fallback) out.set("default", json_from_value(*schema.fallback));
    if (schema.secret) out.set("x-secret", true);
    if (schema.unit != Unit::none) out.set("x-unit", schema.unit == Unit::bytes ? "bytes" : "ms");
    out.set("x-reload", std::string(reload_name(schema.reload)));
}

// Recursion: schemas are finite trees.
void write_object(const Schema& schema, Object& out) {
    // A section whose lines are all commented out is an empty one.
    Array::Ptr types = new Array;
    types->add("object");
    types->add("null");
    out.set("type", types);
    Object::Ptr properties = new_object();
    for (const Property& property : schema.properties)
        properties->set(property.name, write(property.schema));
    if (!schema.properties.empty()) out.set("properties", properties);
    if (!schema.required.empty()) {
        Array::Ptr required = new Array;
        for (const std::string& name : schema.required)
            required->add(name);
        out.set("required", required);
    }
    if (schema.additional) {
        out.set("additionalProperties", write(*schema.additional));
    } else {
        out.set("additionalProperties", false);
    }
}

// A string may be a reference, whatever it has to look like otherwise.
void write_string(const Schema& schema, Object& out) {
    out.set("type", "string");
    if (schema.min_length) out.set("minLength", static_cast<Poco::Int64>(*schema.min_length));
    if (schema.max_length) out.set("maxLength", static_cast<Poco::Int64>(*schema.max_length));
    if (!schema.pattern.empty()) out.set("pattern", "(?:" + schema.pattern + ")|" + kReference);
}

std::string text_form(const Schema& schema) {
    switch (schema.unit) {
    case Unit::bytes: return std::string(kSize) + '|' + kReference;
    case Unit::milliseconds: return std::string(kDuration) + '|' + kReference;
    case Unit::none: break;
    }
    return kReference;
}

// "pattern" speaks of strings only and "minimum" of numbers only, so both can stand side by side.
void write_typed_scalar(const Schema& schema, Object& out) {
    Array::Ptr types = new Array;
    types->add(std::string(type_name(schema.type)));
    types->add("string");
    out.set("type", types);
    out.set("pattern", text_form(schema));
    if (schema.minimum) out.set("minimum", bound(*schema.minimum));
    if (schema.maximum) out.set("maximum", bound(*schema.maximum));
}

void write_choices(const Schema& schema, Object& out) {
    Array::Ptr choices = new Array;
    for (const Value& choice : schema.choices)
        choices->add(json_from_value(choice));
    Object::Ptr one = new_object();
    one->set("enum", choices);
    Object::Ptr reference = new_object();
    reference->set("type", "string");
    reference->set("pattern", kReference);
    Array::Ptr either = new Array;
    either->add(one);
    either->add(reference);
    out.set("anyOf", either);
}

// Recursion: schemas are finite trees.
void write_type(const Schema& schema, Object& out) {
    if (!schema.choices.empty()) return write_choices(schema, out);
    switch (schema.type) {
    case Type::object: return write_object(schema, out);
    case Type::array:
        out.set("type", "array");
        if (schema.items) out.set("items", write(*schema.items));
        return;
    case Type::string: return write_string(schema, out);
    case Type::integer:
    case Type::number:
    case Type::boolean: return write_typed_scalar(schema, out);
    case Type::any: return;
    }
}

// Recursion: schemas are finite trees.
Object::Ptr write(const Schema& schema) {
    Object::Ptr out = new_object();
    write_type(schema, *out);
    write_annotations(schema, *out);
    return out;
}

}  // namespace

std::string to_json_schema(const Schema& schema) {
    Object::Ptr body = write(schema);
    Object document(Poco::JSON_PRESERVE_KEY_ORDER);
    document.set("$schema", "https://json-schema.org/draft/2020-12/schema");
    for (const std::string& name : body->getNames())
        document.set(name, body->get(name));
    std::ostringstream out;
    document.stringify(out, 2);
    out << '\n';
    return out.str();
}

}  // namespace streamhost::config
