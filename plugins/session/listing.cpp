#include "listing.hpp"

#include <algorithm>
#include <map>

#include <simdjson.h>

#include "streamhost/json_object.hpp"

namespace session {

namespace {

using Element = simdjson::dom::element;

std::string text_of(const Element& object, std::string_view name) {
    std::string_view text;
    return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

template <typename Number>
Number number_of(const Element& object, std::string_view name) {
    Number number = 0;
    return object[name].get(number) == simdjson::SUCCESS ? number : Number{0};
}

// `data` is the text that the registering node wrote (roster.cpp).
void read_data(simdjson::dom::parser& parser, const std::string& data, Registered& out) {
    Element object;
    if (parser.parse(data).get(object) != simdjson::SUCCESS) return;
    out.connections = number_of<std::uint64_t>(object, "connections");
    out.since_ms = number_of<std::int64_t>(object, "since");
    out.created_ms = number_of<std::int64_t>(object, "created");
}

}  // namespace

Listing read_listing(std::string_view json) {
    Listing listing;
    simdjson::dom::parser parser;
    simdjson::dom::parser data_parser;
    Element root;
    if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return listing;
    listing.last_node = text_of(root, "last_node");
    simdjson::dom::array entries;
    if (root["entries"].get(entries) != simdjson::SUCCESS) return listing;
    for (const Element entry : entries) {
        Registered one{text_of(entry, "session"), text_of(entry, "node"), text_of(entry, "user"), 0, 0, 0};
        if (one.session.empty()) continue;
        read_data(data_parser, text_of(entry, "data"), one);
        listing.entries.push_back(std::move(one));
    }
    return listing;
}

std::vector<std::string> read_names(std::string_view json) {
    std::vector<std::string> names;
    simdjson::dom::parser parser;
    simdjson::dom::array list;
    if (parser.parse(json.data(), json.size()).get(list) != simdjson::SUCCESS) return names;
    for (const Element element : list) {
        std::string_view name;
        if (element.get(name) == simdjson::SUCCESS) names.emplace_back(name);
    }
    return names;
}

std::string show(const std::vector<Registered>& entries) {
    return streamhost::json_array(entries, [](const Registered& one) {
        return streamhost::JsonObject()
            .text("session", one.session)
            .text("user", one.user)
            .text("node", one.node)
            .number("connections", one.connections)
            .number("since", one.since_ms)
            .done();
    });
}

std::string show_nodes(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::parser data_parser;
    simdjson::dom::array list;
    std::map<std::string, std::string> nodes;
    if (parser.parse(json.data(), json.size()).get(list) != simdjson::SUCCESS) return "[]";
    for (const Element entry : list) {
        const std::string node = text_of(entry, "node");
        const std::string text = text_of(entry, "data");
        Element data;
        if (node.empty() || data_parser.parse(text).get(data) != simdjson::SUCCESS) continue;
        nodes[node] = streamhost::JsonObject()
                          .text("node", node)
                          .text("server", text_of(data, "server"))
                          .number("sessions", number_of<std::uint64_t>(data, "sessions"))
                          .number("connections", number_of<std::uint64_t>(data, "connections"))
                          .number("left_ms", number_of<std::int64_t>(entry, "left_ms"))
                          .done();
    }
    return streamhost::json_array(nodes, [](const auto& node) { return node.second; });
}

std::optional<std::string> incarnation_of(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::parser data_parser;
    Element node;
    Element data;
    if (parser.parse(json.data(), json.size()).at(0).get(node) != simdjson::SUCCESS) return std::nullopt;
    const std::string text = text_of(node, "data");
    if (data_parser.parse(text).get(data) != simdjson::SUCCESS) return std::string();
    return text_of(data, "incarnation");
}

std::int64_t created_of(const std::vector<Registered>& entries, std::int64_t otherwise) {
    for (const Registered& one : entries)
        if (one.created_ms > 0) otherwise = std::min(otherwise, one.created_ms);
    return otherwise;
}

}  // namespace session
