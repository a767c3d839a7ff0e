#include "app/drain_call.hpp"

#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

TEST(DrainCall, TheBodySaysWhetherTheProcessEnds) {
    EXPECT_EQ(parse_drain_order(""), Leave::clients);
    EXPECT_EQ(parse_drain_order("{}"), Leave::clients);
    EXPECT_EQ(parse_drain_order(R"({"exit":false})"), Leave::clients);
    EXPECT_EQ(parse_drain_order(R"({"exit":true})"), Leave::process);
}

TEST(DrainCall, WhatIsNotMeantSoDoesNothing) {
    for (const char* body : {"null", "[]", "true", "{", R"({"exit":"true"})", R"({"exit":1})",
                             R"({"exit":null})", R"({"exits":true})", R"({"exit":true,"window_ms":5})"})
        EXPECT_EQ(parse_drain_order(body), std::nullopt) << body;
}

TEST(DrainCall, TellsHowFarItIs) {
    EXPECT_EQ(to_json("gw-1", {}, std::nullopt),
              R"({"node":"gw-1","state":"serving","exit":false,"elapsed_ms":0,"clients_ms":0,"websockets":0,)"
              R"("websockets_at_start":0,"per_second":0,"runs":null})");
    const DrainView view{.state = Drain::State::sending_away,
                         .is_ending = true,
                         .elapsed_ms = 1'500,
                         .clients_ms = 3'500,
                         .websockets = 70,
                         .websockets_at_start = 100,
                         .window_ms = 5'000};
    EXPECT_EQ(
        to_json("gw-1", view, 3),
        R"({"node":"gw-1","state":"sending_away","exit":true,"elapsed_ms":1500,"clients_ms":3500,"websockets":70,)"
        R"("websockets_at_start":100,"per_second":20,"runs":3})");
}

}  // namespace
}  // namespace streamhost::app
