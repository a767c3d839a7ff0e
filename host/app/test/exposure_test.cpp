#include "app/exposure.hpp"

#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

config::Value text(const std::string& text) {
    config::Value value;
    value.data = text;
    return value;
}

config::Value object(const std::string& name, config::Value member) {
    config::Value value;
    value.data = config::Value::Object{{name, {}, std::move(member)}};
    return value;
}

config::Value flag(bool is_set) {
    config::Value value;
    value.data = is_set;
    return value;
}

config::Value both(config::Value one, config::Value other) {
    config::Value value;
    value.data = config::Value::Object{(*one.object())[0], (*other.object())[0]};
    return value;
}

// `asks`: the gateway's key; the plugin auth is on if it asks.
config::Issues issues_of(const std::string& address, const std::string& asks = "none",
                         const std::string& listener = "public", bool gives_dev_tokens = false) {
    const bool is_on = asks != "none";
    config::Value gateway = both(object("enabled", flag(true)), object("authentication", text(asks)));
    config::Value auth =
        both(object("enabled", flag(is_on)), object("dev_tokens", object("enabled", flag(gives_dev_tokens))));
    const config::Configuration configuration(
        nullptr, both(object("listeners", object(listener, object("address", text(address)))),
                      object("plugins", both(object("gateway", gateway), object("auth", auth)))));
    return exposure_issues(configuration);
}

TEST(Exposure, OnlyLoopback) {
    for (const char* address : {"127.0.0.1:8080", "[::1]:8080", "localhost:0", "127.1.2.3:1", "unix:/run/a"})
        EXPECT_TRUE(issues_of(address).empty()) << address;
    for (const char* address : {"0.0.0.0:8080", ":8080", "[::]:8080", "192.168.0.1:8080"}) {
        const auto issues = issues_of(address);
        ASSERT_EQ(issues.size(), 1U) << address;
        EXPECT_EQ(issues[0].path, "listeners.public.address");
    }
}

TEST(Exposure, WhoAsksForTokensMayListenToOthers) {
    EXPECT_TRUE(issues_of("0.0.0.0:8080", "required").empty());
    EXPECT_EQ(issues_of("0.0.0.0:8080", "required", "public", true).size(), 1U) << "with tokens for anybody";
    EXPECT_EQ(issues_of("0.0.0.0:8091", "required", "admin").size(), 1U);
    EXPECT_TRUE(issues_of("127.0.0.1:8080", "required", "public", true).empty());
}

TEST(Exposure, APluginThatReadsTokensIsAsked) {
    const config::Value on = object("enabled", flag(true));
    const config::Configuration configuration(
        nullptr, object("plugins", both(object("gateway", both(on, object("authentication", text("none")))),
                                        object("auth", on))));
    const auto issues = exposure_issues(configuration);
    ASSERT_EQ(issues.size(), 1U);
    EXPECT_EQ(issues[0].path, "plugins.gateway.authentication");
}

// A host that listens to others and asks for tokens; `gateway` and `auth` as the file says them.
Settings running(bool has_gateway, const std::string& asks, const std::string& file_address) {
    const config::Value gateway =
        both(object("enabled", flag(has_gateway)), object("authentication", text(asks)));
    const config::Value auth = both(object("enabled", flag(has_gateway && asks == "required")),
                                    object("dev_tokens", object("enabled", flag(false))));
    Settings settings;
    settings.listeners.push_back({"public", "0.0.0.0:8080", {}});
    settings.admin_address = "127.0.0.1:8091";
    settings.configuration = std::make_shared<config::Configuration>(
        nullptr, both(object("listeners", object("public", object("address", text(file_address)))),
                      object("plugins", both(object("gateway", gateway), object("auth", auth)))));
    return settings;
}

TEST(Exposure, WhatListensNowStaysWhateverAChangedFileSays) {
    const Settings settings = running(true, "required", "0.0.0.0:8080");
    EXPECT_TRUE(exposure_issues(settings, *settings.configuration).empty());
    const Settings changed = running(true, "none", "127.0.0.1:8080");
    EXPECT_TRUE(exposure_issues(*changed.configuration).empty()) << "it is fine for a start";
    const auto issues = exposure_issues(settings, *changed.configuration);
    ASSERT_EQ(issues.size(), 1U);
    EXPECT_EQ(issues[0].path, "listeners.public.address");
    EXPECT_NE(issues[0].next_step.find("started anew"), std::string::npos);
}

TEST(Exposure, WhatTheAdminListenerAsksForStaysToo) {
    Settings settings = running(true, "required", "0.0.0.0:8080");
    settings.admin_address = "0.0.0.0:8091";
    EXPECT_EQ(exposure_issues(settings, *settings.configuration).size(), 1U);
    settings.admin_lock.needs_token = true;
    EXPECT_TRUE(exposure_issues(settings, *settings.configuration).empty());
}

TEST(Exposure, ASwitchIsRefusedThatWouldLetOthersIn) {
    const Settings off = running(false, "none", "0.0.0.0:8080");
    EXPECT_NE(why_not_switched(off, "gateway", true).find("0.0.0.0:8080 can be reached"), std::string::npos);
    EXPECT_EQ(why_not_switched(off, "chat", true), "");
    const Settings on = running(true, "required", "0.0.0.0:8080");
    EXPECT_EQ(why_not_switched(on, "auth", false), "") << "then nobody is let in";
    EXPECT_EQ(why_not_switched(on, "gateway", false), "");
}

TEST(Exposure, WhatIsNoAddressIsSomebodyElsesIssue) { EXPECT_TRUE(issues_of("nonsense").empty()); }

TEST(OwnHost, IsWhatNoNameServerDecides) {
    for (const char* host : {"127.0.0.1", "127.0.0.1:8091", "127.8.9.1:1", "[::1]", "[::1]:8091", "localhost",
                             "LocalHost:8091", "node-7.lan:8091", ""})
        EXPECT_TRUE(is_own_host(host, "node-7.lan:8091")) << host;
    for (const char* host :
         {"evil.example", "evil.example:8091", "localhost.evil.example", "127.0.0.1.evil.example",
          "192.168.0.1", "[::2]:8091", "[", "[]", ":8091", "node-7.lan.evil.example", "0.0.0.0"})
        EXPECT_FALSE(is_own_host(host, "node-7.lan:8091")) << host;
}

TEST(OwnHost, AListenerWithoutAHostHasNoNameOfItsOwn) {
    EXPECT_FALSE(is_own_host(":8091", ":8091")) << "not what a browser sends, but empty names match nothing";
    EXPECT_TRUE(is_own_host("[::1]:8091", "[::1]:8091"));
}

}  // namespace
}  // namespace streamhost::app
