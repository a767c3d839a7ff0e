#include "config/value.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace streamhost::config {

const Value* Value::find(std::string_view name) const {
    const Object* members = object();
    if (members == nullptr) return nullptr;
    const auto found = std::find_if(members->begin(), members->end(),
                                    [name](const Member& member) { return member.name == name; });
    return found == members->end() ? nullptr : &found->value;
}

Value* Value::find(std::string_view name) { return const_cast<Value*>(std::as_const(*this).find(name)); }

namespace {

bool same_objects(const Value::Object& left, const Value& right) {
    if (left.size() != right.object()->size()) return false;
    return std::all_of(left.begin(), left.end(), [&right](const Member& member) {
        const Value* other = right.find(member.name);
        return other != nullptr && same_content(member.value, *other);
    });
}

}  // namespace

bool same_content(const Value& left, const Value& right) {
    if (left.kind() != right.kind()) return false;
    switch (left.kind()) {
    case Kind::null: return true;
    case Kind::boolean: return std::get<bool>(left.data) == std::get<bool>(right.data);
    case Kind::integer: return std::get<std::int64_t>(left.data) == std::get<std::int64_t>(right.data);
    case Kind::number: return std::get<double>(left.data) == std::get<double>(right.data);
    case Kind::string: return *left.text() == *right.text();
    case Kind::array:
        return std::equal(left.array()->begin(), left.array()->end(), right.array()->begin(),
                          right.array()->end(), same_content);
    case Kind::object: return same_objects(*left.object(), right);
    }
    return false;
}

std::string_view kind_name(Kind kind) {
    static constexpr std::array<std::string_view, 7> kNames = {"nothing", "boolean", "integer", "number",
                                                               "string",  "list",    "map"};
    return kNames.at(static_cast<std::size_t>(kind));
}

void lay_over(Value& lower, Value upper) {
    Value::Object* below = lower.object();
    if (below != nullptr && upper.is(Kind::null)) return;
    Value::Object* above = upper.object();
    if (below == nullptr || above == nullptr) {
        lower = std::move(upper);
        return;
    }
    for (Member& member : *above) {
        if (Value* known = lower.find(member.name)) {
            lay_over(*known, std::move(member.value));
        } else {
            below->push_back(std::move(member));
        }
    }
}

}  // namespace streamhost::config
