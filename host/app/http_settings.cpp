#include "app/http_settings.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "net/http_text.hpp"

namespace streamhost::app {

namespace {

using config::Configuration;
using config::Issues;
using config::Value;

// Lengths, connections and times are the host's to say, types the handlers'.
constexpr std::array<std::string_view, 9> kNotToBeSet = {
    "Connection", "Content-Length",    "Content-Type", "Date", "Keep-Alive",
    "Set-Cookie", "Transfer-Encoding", "Upgrade",      "Vary"};

const Value* find(const Configuration& configuration, std::string_view part, std::string_view key = {}) {
    const Value* value = configuration.root().find("http");
    if (value != nullptr) value = value->find(part);
    return value == nullptr || key.empty() ? value : value->find(key);
}

const Value::Object& members(const Value* value) {
    static const Value::Object kNone;
    return value == nullptr || value->object() == nullptr ? kNone : *value->object();
}

const Value::Array& items(const Value* value) {
    static const Value::Array kNone;
    return value == nullptr || value->array() == nullptr ? kNone : *value->array();
}

std::string text_of(const Value& value) { return value.text() == nullptr ? std::string() : *value.text(); }

bool is_true(const Value* value) {
    const bool* flag = value == nullptr ? nullptr : std::get_if<bool>(&value->data);
    return flag != nullptr && *flag;
}

bool begins_with(std::string_view text, std::string_view beginning) {
    return text.size() >= beginning.size() &&
           net::equal_ignoring_case(text.substr(0, beginning.size()), beginning);
}

// Why `name` cannot stand in http.headers; empty: it can.
std::string why_not(std::string_view name) {
    if (!net::is_token(name)) return "is no name of a header";
    if (begins_with(name, "Access-Control-")) return "belongs to http.cors";
    for (const std::string_view taken : kNotToBeSet)
        if (net::equal_ignoring_case(name, taken)) return "is said by the host or by who answers";
    return {};
}

// A pattern of the schema lets one line end pass, at the end of a text.
bool is_one_line(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void check_headers(const Configuration& configuration, Issues& issues) {
    const Value::Object& headers = members(find(configuration, "headers"));
    for (auto header = headers.begin(); header != headers.end(); ++header) {
        std::string problem = why_not(header->name);
        if (problem.empty() && !is_one_line(text_of(header->value)))
            problem = "holds what no header may: anything but printable ASCII";
        // Defaults stand behind what was written.
        for (auto other = std::next(header); other != headers.end() && problem.empty(); ++other)
            if (net::equal_ignoring_case(other->name, header->name))
                problem = "is the same as " + other->name + ", which is there already";
        if (!problem.empty())
            issues.push_back({header->origin, "http.headers." + header->name, std::move(problem), "",
                              "take the line away, or write the name as it is there"});
    }
}

std::string joined(const Value* list) {
    std::string out;
    for (const Value& item : items(list))
        out += (out.empty() ? "" : ", ") + text_of(item);
    return out;
}

}  // namespace

config::Issues http_issues(const Configuration& configuration) {
    Issues issues;
    check_headers(configuration, issues);
    for (const char* key : {"allowed_origins", "headers", "exposed_headers"})
        for (const Value& item : items(find(configuration, "cors", key)))
            if (!is_one_line(text_of(item)))
                issues.push_back({item.origin, std::string("http.cors.") + key,
                                  "holds what no header may: anything but printable ASCII", "", ""});
    const Value* origins = find(configuration, "cors", "allowed_origins");
    const auto is_all = [](const Value& origin) { return text_of(origin) == "*"; };
    const bool has_all = std::any_of(items(origins).begin(), items(origins).end(), is_all);
    if (has_all && is_true(find(configuration, "cors", "credentials")))
        issues.push_back({origins->origin, "http.cors.allowed_origins",
                          "\"*\" with credentials would let any page act as its visitor", "",
                          "name the origins, or set http.cors.credentials to false"});
    if (has_all && items(origins).size() > 1)
        issues.push_back({origins->origin, "http.cors.allowed_origins",
                          "\"*\" leaves nothing to name beside it", "", "take the others away, or \"*\""});
    return issues;
}

net::HttpPolicyPtr http_policy(const Configuration& configuration) {
    auto policy = std::make_shared<net::HttpPolicy>();
    for (const config::Member& header : members(find(configuration, "headers")))
        if (const std::string value = text_of(header.value); !value.empty())
            policy->headers.emplace_back(header.name, value);
    for (const Value& origin : items(find(configuration, "cors", "allowed_origins")))
        policy->cors.origins.push_back(text_of(origin));
    policy->cors.methods = joined(find(configuration, "cors", "methods"));
    policy->cors.headers = joined(find(configuration, "cors", "headers"));
    policy->cors.exposed = joined(find(configuration, "cors", "exposed_headers"));
    policy->cors.credentials = is_true(find(configuration, "cors", "credentials"));
    if (const Value* age = find(configuration, "cors", "max_age_ms"))
        if (const auto* age_ms = std::get_if<std::int64_t>(&age->data))
            policy->cors.max_age_s = static_cast<std::uint32_t>(*age_ms / 1'000);
    return policy;
}

}  // namespace streamhost::app
