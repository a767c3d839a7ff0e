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
    drain.end(kStart);
    EXPECT_EQ(drain.next(kStart, 0), Step::send_away);
    EXPECT_EQ(drain.next(kStart, 0), Step::stop_plugins);
    EXPECT_EQ(drain.next(kStart, 0), Step::none);
    EXPECT_EQ(drain.plugin_ms(kStart), 5'000u);
}

TEST(Drain, WaitsForBalancersFirst) {
    Drain drain({.balancer_wait_ms = 2'000});
    drain.begin(kStart);
    drain.end(kStart);
    EXPECT_EQ(drain.next(kStart + 1'999, 3), Step::none);
    EXPECT_EQ(drain.next(kStart + 2'000, 3), Step::send_away);
}

TEST(Drain, ClientsHaveTheWindowAndASecondToAnswer) {
    Drain drain({.window_ms = 3'000, .exit_within_ms = 60'000});
    drain.begin(kStart);
    drain.end(kStart);
    EXPECT_EQ(drain.next(kStart, 2), Step::send_away);
    EXPECT_EQ(drain.next(kStart + 3'999, 1), Step::none);
    EXPECT_EQ(drain.next(kStart + 4'000, 1), Step::stop_plugins);
}

TEST(Drain, TheEndStandsWhateverTheStepsAskFor) {
    Drain drain(
        {.balancer_wait_ms = 30'000, .window_ms = 30'000, .plugin_ms = 30'000, .exit_within_ms = 10'000});
    drain.begin(kStart);
    drain.end(kStart);
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
    drain.end(kStart);
    EXPECT_EQ(drain.next(kStart + 9'000, 1), Step::send_away);
    EXPECT_EQ(drain.next(kStart + 9'000, 1), Step::stop_plugins);
    EXPECT_EQ(drain.next(kStart + 9'000, 1), Step::give_up);
}

TEST(Drain, WithoutTheOrderToEndItStaysWhenTheClientsAreGone) {
    Drain drain({.balancer_wait_ms = 1'000, .window_ms = 3'000});
    drain.begin(kStart);
    EXPECT_FALSE(drain.is_ending());
    EXPECT_EQ(drain.state(2), Drain::State::waiting);
    EXPECT_EQ(drain.clients_ms(kStart), 4'000u);
    EXPECT_EQ(drain.next(kStart + 1'000, 2), Step::send_away);
    EXPECT_EQ(drain.state(2), Drain::State::sending_away);
    EXPECT_EQ(drain.clients_ms(kStart + 2'000), 2'000u);
    EXPECT_EQ(drain.elapsed_ms(kStart + 2'000), 2'000u);
    EXPECT_EQ(drain.next(kStart + 3'600'000, 1), Step::none) << "nobody has given it an end";
    EXPECT_EQ(drain.next(kStart + 3'600'000, 0), Step::none);
    EXPECT_EQ(drain.state(0), Drain::State::drained);
    EXPECT_EQ(drain.clients_ms(kStart + 3'600'000), 0u);
}

TEST(Drain, TheOrderToEndGivesClientsNoSecondTime) {
    Drain drain({.balancer_wait_ms = 1'000, .window_ms = 3'000, .exit_within_ms = 60'000});
    drain.begin(kStart);
    ASSERT_EQ(drain.next(kStart + 1'000, 2), Step::send_away);
    drain.end(kStart + 10'000);
    EXPECT_EQ(drain.next(kStart + 10'000, 1), Step::stop_plugins) << "their window was over long ago";
    EXPECT_EQ(drain.state(1), Drain::State::ending);
    EXPECT_EQ(drain.left_ms(kStart + 10'000), 60'000u) << "the process has its time from the order on";
    drain.end(kStart + 20'000);
    EXPECT_EQ(drain.left_ms(kStart + 20'000), 50'000u) << "a repeat changes nothing";
}

TEST(Drain, AnOrderToEndInTheMiddleLeavesClientsTheRestOfTheirTime) {
    Drain drain({.window_ms = 3'000, .exit_within_ms = 60'000});
    drain.begin(kStart);
    ASSERT_EQ(drain.next(kStart, 2), Step::send_away);
    drain.end(kStart + 1'000);
    EXPECT_EQ(drain.next(kStart + 3'999, 1), Step::none);
    EXPECT_EQ(drain.next(kStart + 4'000, 1), Step::stop_plugins);
}

TEST(Drain, AnOrderThatCameBeforeTheNodeServedCountsFromThen) {
    Drain drain({.exit_within_ms = 10'000});
    drain.end(kStart);
    EXPECT_EQ(drain.next(kStart + 500, 0), Step::none) << "plugins are still starting";
    drain.begin(kStart + 1'000);
    EXPECT_EQ(drain.next(kStart + 1'000, 0), Step::send_away);
    EXPECT_EQ(drain.next(kStart + 1'000, 0), Step::stop_plugins);
    EXPECT_EQ(drain.left_ms(kStart + 1'000), 9'000u);
}

}  // namespace
}  // namespace streamhost::app
