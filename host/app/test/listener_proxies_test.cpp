#include "app/listener_proxies.hpp"

#include <initializer_list>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

using config::Value;
using ::testing::HasSubstr;

Value of(Value::Data data) {
    Value value;
    value.data = std::move(data);
    return value;
}

config::Configuration with(const std::string& protocol, std::initializer_list<std::string> trusted,
                           const std::string& headers = "x-forwarded") {
    Value::Array items;
    for (const std::string& one : trusted)
        items.push_back(of(one));
    const auto object = [](Value::Object members) { return of(std::move(members)); };
    return {nullptr, object({{"listeners",
                              {},
                              object({{"public",
                                       {},
                                       object({{"proxy_protocol", {}, of(protocol)},
                                               {"forwarded_headers", {}, of(headers)},
                                               {"trusted_proxies", {}, of(std::move(items))}})}})}})};
}

net::PeerAddress peer(std::string_view address) { return {net::IpAddress::parse(address), 1}; }

TEST(ListenerProxies, AreReadAsTheyStand) {
    const auto rules = proxy_rules(with("v2", {"10.0.0.0/8", "unix"}), "public");
    EXPECT_EQ(rules->protocol, net::ProxyProtocol::kV2);
    EXPECT_TRUE(rules->trusted.contains(peer("10.1.2.3")));
    EXPECT_TRUE(rules->trusted.contains({}));
    EXPECT_FALSE(rules->trusted.contains(peer("192.0.2.1")));
    EXPECT_EQ(proxy_rules(with("v1", {"::1"}), "public")->protocol, net::ProxyProtocol::kV1);
    EXPECT_EQ(proxy_rules(with("any", {"::1"}), "public")->protocol, net::ProxyProtocol::kAny);
    EXPECT_EQ(proxy_rules(with("off", {"::1"}), "public")->protocol, net::ProxyProtocol::kOff);
}

TEST(ListenerProxies, SpeakOneKindOfFields) {
    const auto kind = [](const std::string& name) {
        return proxy_rules(with("off", {"::1"}, name), "public")->headers;
    };
    EXPECT_EQ(kind("x-forwarded"), net::ForwardedHeaders::kXForwarded);
    EXPECT_EQ(kind("forwarded"), net::ForwardedHeaders::kForwarded);
    EXPECT_EQ(kind("off"), net::ForwardedHeaders::kOff);
}

TEST(ListenerProxies, AreNobodyWithoutAList) {
    EXPECT_EQ(proxy_rules(with("off", {}), "public"), nullptr);
    EXPECT_EQ(proxy_rules(with("off", {"::1"}), "other"), nullptr);
    EXPECT_TRUE(proxy_issues(with("off", {})).empty());
    EXPECT_TRUE(proxy_issues(config::Configuration(nullptr, Value())).empty());
}

TEST(ListenerProxies, ThatAreNoAddressesAreNamed) {
    const auto issues = proxy_issues(with("v1", {"::1", "proxy.example", "10.0.0.1/8"}));
    ASSERT_EQ(issues.size(), 2U);
    EXPECT_EQ(issues[0].path, "listeners.public.trusted_proxies");
    EXPECT_THAT(issues[0].problem, HasSubstr("'proxy.example' is no address"));
    EXPECT_THAT(issues[1].problem, HasSubstr("bits behind the first 8"));
}

TEST(ListenerProxies, AProtocolNeedsSomebodyWhoMaySpeakIt) {
    const auto issues = proxy_issues(with("any", {}));
    ASSERT_EQ(issues.size(), 1U);
    EXPECT_EQ(issues[0].path, "listeners.public.proxy_protocol");
    EXPECT_THAT(issues[0].problem, HasSubstr("nobody is trusted"));
}

}  // namespace
}  // namespace streamhost::app
