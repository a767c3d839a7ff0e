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

}  // namespace
}  // namespace streamhost::app
