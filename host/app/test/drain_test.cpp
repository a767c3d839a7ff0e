#include "app/drain.hpp"

#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

using Step = Drain::Step;
constexpr std::uint64_t kStart = 1'000'000;

TEST(Drain, DoesNothingBeforeItBegins) {
    Drain drain({});
    EXPECT_FALSE(drain.has_begun());
    EXPECT_EQ(drain.next(kStart, 0), Step::none);
}

TEST(Drain, WithoutClientsItGoesStraightOn) {
    Drain drain({});
    drain.begin(kStart);
    EXPECT_EQ(drain.next(kStart, 0), Step::send_away);
    EXPECT_EQ(drain.next(kStart, 0), Step::stop_plugins);
    EXPECT_EQ(drain.next(kStart, 0), Step::none);
    EXPECT_EQ(drain.plugin_ms(kStart), 5'000u);
}

TEST(Drain, WaitsForBalancersFirst) {
    Drain drain({.balancer_wait_ms = 2'000});
    drain.begin(kStart);
    EXPECT_EQ(drain.next(kStart + 1'999, 3), Step::none);
    EXPECT_EQ(drain.next(kStart + 2'000, 3), Step::send_away);
}

TEST(Drain, ClientsHaveTheWindowAndASecondToAnswer) {
    Drain drain({.window_ms = 3'000, .exit_within_ms = 60'000});
    drain.begin(kStart);
    EXPECT_EQ(drain.next(kStart, 2), Step::send_away);
    EXPECT_EQ(drain.next(kStart + 3'999, 1), Step::none);
    EXPECT_EQ(drain.next(kStart + 4'000, 1), Step::stop_plugins);
}

TEST(Drain, TheEndStandsWhateverTheStepsAskFor) {
    Drain drain(
        {.balancer_wait_ms = 30'000, .window_ms = 30'000, .plugin_ms = 30'000, .exit_within_ms = 10'000});
    drain.begin(kStart);
    EXPECT_EQ(drain.next(kStart + 4'999, 1), Step::none);
    EXPECT_EQ(drain.next(kStart + 5'000, 1),
              Step::send_away);  // a quarter for plugins, a quarter for threads
    EXPECT_EQ(drain.next(kStart + 5'000, 1), Step::stop_plugins);
    EXPECT_EQ(drain.plugin_ms(kStart + 5'000), 2'500u);
    EXPECT_EQ(drain.next(kStart + 7'499, 1), Step::none);
    EXPECT_EQ(drain.next(kStart + 7'500, 1), Step::give_up);
    EXPECT_EQ(drain.left_ms(kStart + 7'500), 2'500u);
    EXPECT_EQ(drain.next(kStart + 8'000, 1), Step::none);
    EXPECT_EQ(drain.left_ms(kStart + 20'000), 0u);
}

TEST(Drain, ALateLookTakesTheStepsOneByOne) {
    Drain drain({.balancer_wait_ms = 100});
    drain.begin(kStart);
    EXPECT_EQ(drain.next(kStart + 9'000, 1), Step::send_away);
    EXPECT_EQ(drain.next(kStart + 9'000, 1), Step::stop_plugins);
    EXPECT_EQ(drain.next(kStart + 9'000, 1), Step::give_up);
}

}  // namespace
}  // namespace streamhost::app
