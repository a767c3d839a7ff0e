#include "config/json_value.hpp"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

namespace streamhost::config {

namespace {

using Poco::Dynamic::Var;

Value::Data scalar_from(const Var& json) {
    if (json.isEmpty()) return {};
    if (json.isBoolean()) return json.convert<bool>();
    if (json.isInteger()) return static_cast<std::int64_t>(json.convert<Poco::Int64>());
    if (json.isNumeric()) return json.convert<double>();
    return json.convert<std::string>();
}

Var scalar_to(const Value& value) {
    switch (value.kind()) {
    case Kind::boolean: return std::get<bool>(value.data);
    case Kind::integer: return static_cast<Poco::Int64>(std::get<std::int64_t>(value.data));
    case Kind::number: return std::get<double>(value.data);
    case Kind::string: return *value.text();
    case Kind::null:
    case Kind::array:
    case Kind::object: break;
    }
    return {};
}

}  // namespace

// Recursion: Poco refuses more than 128 levels.
Value value_from_json(const Var& json) {
    Value value;
    if (json.type() == typeid(Poco::JSON::Array::Ptr)) {
        Value::Array items;
        for (const Var& item : *json.extract<Poco::JSON::Array::Ptr>())
            items.push_back(value_from_json(item));
        value.data = std::move(items);
    } else if (json.type() == typeid(Poco::JSON::Object::Ptr)) {
        Value::Object members;
        const Poco::JSON::Object& parts = *json.extract<Poco::JSON::Object::Ptr>();
        for (const std::string& name : parts.getNames()) {  // begin() would walk them sorted
            members.push_back({name, {}, value_from_json(parts.get(name))});
        }
        value.data = std::move(members);
    } else {
        value.data = scalar_from(json);
    }
    return value;
}

// Recursion: depth is bounded by kMaxDepth.
Var json_from_value(const Value& value) {
    if (const Value::Array* items = value.array()) {
        Poco::JSON::Array::Ptr out = new Poco::JSON::Array;
        for (const Value& item : *items)
            out->add(json_from_value(item));
        return out;
    }
    if (const Value::Object* members = value.object()) {
        Poco::JSON::Object::Ptr out = new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER);
        for (const Member& member : *members)
            out->set(member.name, json_from_value(member.value));
        return out;
    }
    return scalar_to(value);
}

}  // namespace streamhost::config
