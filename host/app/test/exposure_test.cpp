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

config::Issues issues_of(const std::string& address) {
    const config::Configuration configuration(
        nullptr, object("listeners", object("public", object("address", text(address)))));
    return exposure_issues(configuration);
}

TEST(Exposure, OnlyLoopback) {
    for (const char* address : {"127.0.0.1:8080", "[::1]:8080", "localhost:0", "127.1.2.3:1"})
        EXPECT_TRUE(issues_of(address).empty()) << address;
    for (const char* address : {"0.0.0.0:8080", ":8080", "[::]:8080", "192.168.0.1:8080"}) {
        const auto issues = issues_of(address);
        ASSERT_EQ(issues.size(), 1U) << address;
        EXPECT_EQ(issues[0].path, "listeners.public.address");
    }
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
