#include "connections.hpp"

#include <string>

#include <gtest/gtest.h>

#include "fixture.hpp"

namespace ratelimit {
namespace {

using namespace testing;

constexpr SipKey kKey{3, 4};

TEST(Connections, AnAddressAndAUserHoldSoManyEach) {
    Connections connections(1'000, kKey);
    const ConnectionLimits limits{2, 3, 0, 5'000};
    EXPECT_EQ(connections.enter("a", {}, limits, false), std::nullopt);
    EXPECT_EQ(connections.enter("a", {}, limits, false), std::nullopt);
    EXPECT_EQ(connections.enter("a", {}, limits, false), By::kAddress);
    EXPECT_EQ(connections.enter("b", {}, limits, false), std::nullopt);
    for (int count = 0; count < 3; ++count)
        EXPECT_EQ(connections.enter({}, "ann", limits, false), std::nullopt);
    EXPECT_EQ(connections.enter({}, "ann", limits, false), By::kUser);
    connections.leave("a", {});
    EXPECT_EQ(connections.enter("a", {}, limits, false), std::nullopt);
    EXPECT_EQ(connections.count(), 3u);
}

TEST(Connections, WhatIsRefusedByOneCountsForNone) {
    Connections connections(1'000, kKey);
    const ConnectionLimits limits{1, 1, 0, 5'000};
    EXPECT_EQ(connections.enter("a", "ann", limits, false), std::nullopt);
    EXPECT_EQ(connections.enter("b", "ann", limits, false), By::kUser);
    EXPECT_EQ(connections.enter("b", "bob", limits, false), std::nullopt);
    EXPECT_EQ(connections.count(), 2u);
}

TEST(Connections, TheNodeHoldsSoManyInAll) {
    Connections connections(1'000, kKey);
    const ConnectionLimits limits{0, 0, 2, 5'000};
    EXPECT_EQ(connections.enter("a", {}, limits, false), std::nullopt);
    EXPECT_EQ(connections.enter("b", "bob", limits, false), std::nullopt);
    EXPECT_EQ(connections.enter("c", "cid", limits, false), By::kNode);
    EXPECT_EQ(connections.enter({}, "a user of the first", limits, false), std::nullopt);
    connections.leave("a", {});
    EXPECT_EQ(connections.enter("c", "cid", {1, 1, 2, 5'000}, false), std::nullopt);
}

TEST(Connections, WhatIsExemptCountsAndIsNotRefused) {
    Connections connections(1'000, kKey);
    const ConnectionLimits limits{1, 1, 1, 5'000};
    for (int count = 0; count < 5; ++count)
        EXPECT_EQ(connections.enter("a", "robot", limits, true), std::nullopt);
    EXPECT_EQ(connections.count(), 5u);
    for (int count = 0; count < 5; ++count)
        connections.leave("a", "robot");
    EXPECT_EQ(connections.count(), 0u);
    EXPECT_EQ(connections.enter("a", "robot", limits, false), std::nullopt);
}

TEST(Connections, ALimitThatComesLaterFindsThemCounted) {
    Connections connections(1'000, kKey);
    for (int count = 0; count < 5; ++count)
        EXPECT_EQ(connections.enter("a", {}, {}, false), std::nullopt);
    EXPECT_EQ(connections.enter("a", {}, {5, 0, 0, 5'000}, false), By::kAddress);
    EXPECT_EQ(connections.enter("a", {}, {6, 0, 0, 5'000}, false), std::nullopt);
}

TEST(Connections, WhoWasNeverHereMayLeave) {
    Connections connections(1'000, kKey);
    connections.leave("a", "ann");
    EXPECT_EQ(connections.count(), 0u);
    EXPECT_EQ(connections.enter("a", "ann", {1, 1, 1, 5'000}, false), std::nullopt);
}

TEST(Connections, OverItsBoundWhoHasALimitIsRefused) {
    Connections connections(64, kKey);
    int refused = 0;
    for (int count = 0; count < 1'000; ++count)
        refused += connections.enter(std::to_string(count), {}, {10, 0, 0, 5'000}, false) ? 1 : 0;
    EXPECT_GE(refused, 1'000 - 128);
    EXPECT_EQ(connections.enter("one more without a limit", {}, {}, false), std::nullopt);
}

TEST(Connections, TheLimiterTellsWhenToComeAgain) {
    Settings with = settings({});
    with.connections = {1, 0, 0, 7'000};
    with.exempt_networks = {*Network::parse("10.0.0.1")};
    Bench bench(with);
    EXPECT_EQ(bench.limiter.enter("2001:db8::1", {}).wait_ms, 0);
    const Verdict refused = bench.limiter.enter("2001:db8::2", {});
    EXPECT_EQ(refused.wait_ms, 7'000);
    EXPECT_EQ(refused.by, By::kAddress);
    bench.limiter.leave("2001:db8::1", {});
    EXPECT_EQ(bench.limiter.enter("2001:db8::2", {}).wait_ms, 0);
    for (int count = 0; count < 3; ++count)
        EXPECT_EQ(bench.limiter.enter("10.0.0.1", "ann").wait_ms, 0);
    EXPECT_EQ(bench.limiter.connections().count(), 4u);
}

}  // namespace
}  // namespace ratelimit
