#include "app/listener_proxies.hpp"

#include <memory>
#include <string>
#include <utility>

namespace streamhost::app {

namespace {

using config::Value;

const Value* find(const Value* value, std::string_view name) {
    return value == nullptr ? nullptr : value->find(name);
}

std::string_view text_of(const Value* value) {
    return value == nullptr || value->text() == nullptr ? std::string_view() : *value->text();
}

const Value::Array& items(const Value* value) {
    static const Value::Array kNone;
    return value == nullptr || value->array() == nullptr ? kNone : *value->array();
}

net::ProxyProtocol protocol_of(const Value& listener) {
    const std::string_view name = text_of(find(&listener, "proxy_protocol"));
    if (name == "v1") return net::ProxyProtocol::kV1;
    if (name == "v2") return net::ProxyProtocol::kV2;
    return name == "any" ? net::ProxyProtocol::kAny : net::ProxyProtocol::kOff;
}

net::ForwardedHeaders headers_of(const Value& listener) {
    const std::string_view name = text_of(find(&listener, "forwarded_headers"));
    if (name == "off") return net::ForwardedHeaders::kOff;
    return name == "forwarded" ? net::ForwardedHeaders::kForwarded : net::ForwardedHeaders::kXForwarded;
}

void check(const config::Member& listener, config::Issues& issues) {
    const std::string path = "listeners." + listener.name + ".trusted_proxies";
    net::AddressList trusted;
    for (const Value& item : items(find(&listener.value, "trusted_proxies"))) {
        std::string problem = trusted.add(text_of(&item));
        if (!problem.empty())
            issues.push_back({item.origin, path, std::move(problem),
                              "192.0.2.7, 10.0.0.0/8, fd00::/8 or unix",
                              "write what proxies connect from; names are not looked up"});
    }
    const Value* protocol = find(&listener.value, "proxy_protocol");
    if (protocol_of(listener.value) == net::ProxyProtocol::kOff || !trusted.empty() || !issues.empty())
        return;
    issues.push_back({protocol->origin, "listeners." + listener.name + ".proxy_protocol",
                      "is on, and nobody is trusted to speak it: every header would be refused", "off",
                      "name the proxies in " + path});
}

}  // namespace

config::Issues proxy_issues(const config::Configuration& configuration) {
    config::Issues issues;
    const Value* listeners = configuration.root().find("listeners");
    if (listeners == nullptr || listeners->object() == nullptr) return issues;
    for (const config::Member& listener : *listeners->object())
        check(listener, issues);
    return issues;
}

net::ProxyRulesPtr proxy_rules(const config::Configuration& configuration, std::string_view listener) {
    const Value* found = find(configuration.root().find("listeners"), listener);
    auto rules = std::make_shared<net::ProxyRules>();
    for (const Value& item : items(find(found, "trusted_proxies")))
        (void)rules->trusted.add(text_of(&item));
    if (rules->trusted.empty()) return nullptr;
    rules->protocol = protocol_of(*found);
    rules->headers = headers_of(*found);
    return rules;
}

}  // namespace streamhost::app
