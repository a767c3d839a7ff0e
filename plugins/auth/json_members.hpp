// A JSON object's members, each name once: of two readers that meet a name twice one takes the first and one
// the last, and a token must mean one thing. [any]
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include <simdjson.h>

namespace auth {

// body(name, simdjson::dom::element) for each member, until it answers false. True: `text` is one object, no
// name came twice and `body` never refused.
template <typename Body>
[[nodiscard]] bool each_member(const simdjson::dom::object& object, Body&& body) {
    std::unordered_set<std::string> names;
    for (const auto& [name, value] : object) {
        if (!names.emplace(name).second || !body(std::string_view(name), value)) return false;
    }
    return true;
}

template <typename Body>
[[nodiscard]] bool each_member(std::string_view text, Body&& body) {
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(text);
    simdjson::dom::object object;
    if (parser.parse(padded).get_object().get(object) != simdjson::SUCCESS) return false;
    return each_member(object, body);
}

// Nothing when it is no string.
[[nodiscard]] inline bool read_text(const simdjson::dom::element& value, std::string& out) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return false;
    out = text;
    return true;
}

}  // namespace auth
