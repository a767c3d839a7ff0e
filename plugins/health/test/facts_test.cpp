#include "facts.hpp"

#include <gtest/gtest.h>

#include "report.hpp"

namespace health {
namespace {

TEST(Facts, ReadsTheHostsReport) {
    const Facts facts = read_report(testing::report(
        {.stuck_ms = "12.5",
         .chat =
             R"({"enabled":true,"state":"failed","reason":"no \"key\"","components":{"pool":{"state":"degraded","detail":"full"}}})"}));
    EXPECT_TRUE(facts.is_readable);
    EXPECT_EQ(facts.node, "n1");
    EXPECT_EQ(facts.phase, "running");
    EXPECT_EQ(facts.uptime_ms, 61'000u);
    EXPECT_EQ(facts.connections, 3u);
    EXPECT_EQ(facts.connection_limit, 100u);
    ASSERT_EQ(facts.loops.size(), 2u);
    EXPECT_EQ(facts.loops[0].stuck_ms, 0) << "a whole number is a number too";
    EXPECT_EQ(facts.loops[1].stuck_ms, 12.5);
    ASSERT_EQ(facts.plugins.size(), 2u);
    EXPECT_EQ(facts.plugins[0].name, "chat");
    EXPECT_EQ(facts.plugins[0].reason, "no \"key\"");
    EXPECT_TRUE(facts.plugins[0].is_wanted);
    ASSERT_EQ(facts.plugins[0].components.size(), 1u);
    EXPECT_EQ(facts.plugins[0].components[0].name, "pool");
    EXPECT_EQ(facts.plugins[0].components[0].detail, "full");
    EXPECT_FALSE(facts.plugins[1].is_wanted);
    EXPECT_EQ(facts.store_kind, "memory");
    EXPECT_EQ(facts.store_json, R"({"kind":"memory","state":"ok"})");
    EXPECT_EQ(facts.transports_json,
              R"({"public":{"address":"127.0.0.1:8080","websocket":"on","http":"on"}})");
}

TEST(Facts, WhatIsNoReportIsNotReadable) {
    for (const char* text : {"", "{", "[]", "7", "{}", R"({"phase":7})"})
        EXPECT_FALSE(read_report(text).is_readable) << text;
    EXPECT_TRUE(read_report(R"({"phase":"running"})").is_readable) << "an older host has fewer members";
}

}  // namespace
}  // namespace health
