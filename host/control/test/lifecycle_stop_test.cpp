#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/lifecycle.hpp"
#include "control/test/walk.hpp"

namespace streamhost::control {
namespace {

using test::describe;
using test::say;
using test::Script;
using test::Walk;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(Walk, DrainIsPolledUntilNothingIsLeft) {
    std::vector<std::uint32_t> deadlines;
    std::uint32_t left = 3;
    script_.drain = [&](std::uint32_t deadline_ms, sh_error*) {
        deadlines.push_back(deadline_ms);
        return --left;
    };
    start();
    walk_->stop("switched off", 100);
    EXPECT_EQ(walk_->advance(), house_.clock.monotonic_ms() + 10);
    walk_->advance();  // too early to ask again
    EXPECT_THAT(deadlines, ElementsAre(100u));
    house_.clock.advance_ms(10);
    walk_->advance();
    house_.clock.advance_ms(10);
    settle();
    EXPECT_THAT(deadlines, ElementsAre(100u, 90u, 80u));
    EXPECT_EQ(walk_->state(), State::retired);
}

TEST_F(Walk, ADrainThatNeverEndsIsCutAtItsDeadlineAndNamed) {
    script_.drain = [](std::uint32_t, sh_error* why) -> std::uint32_t {
        say(why, "run 7 is writing");
        return 2;
    };
    start();
    walk_->stop("switched off", 30);
    for (int i = 0; i < 3; ++i) {
        walk_->advance();
        EXPECT_EQ(walk_->state(), State::draining);
        house_.clock.advance_ms(10);
    }
    settle();
    EXPECT_EQ(walk_->state(), State::retired);
    EXPECT_EQ(house_.steps[4].reason, "drain deadline passed, 2 left: run 7 is writing");
}

TEST_F(Walk, ServicesCloseBeforeTheDrainAndHandlesGoAfterIt) {
    int table = 0;
    bool timer = true;
    bool during_provided = true;
    bool during_timer = false;
    script_.start = [&](sh_error*) {
        EXPECT_EQ(house_.services.provide(*instance_, "a/1", &table, nullptr), SH_OK);
        static_cast<void>(instance_->handles().add({"timer", {}, [&] { timer = false; }}));
        return SH_OK;
    };
    script_.drain = [&](std::uint32_t, sh_error*) {
        during_provided = house_.services.has_provider("a/1");
        during_timer = timer;
        return 0;
    };
    bool at_stop = true;
    script_.stop = [&] {
        at_stop = timer;
        EXPECT_EQ(instance_->handles().add({"timer", {}, [] {}}).refusal, OwnedHandles::Refusal::closed);
        EXPECT_EQ(house_.services.provide(*instance_, "a/1", &table, nullptr), SH_GONE);
        sh_ticket ticket = 0;
        EXPECT_EQ(house_.tickets.open(*instance_, {SH_ON_STORE, 5, nullptr, 100}, 0, &ticket), SH_GONE);
    };
    start();
    stop();
    EXPECT_FALSE(during_provided);
    EXPECT_TRUE(during_timer);
    EXPECT_FALSE(at_stop);
    EXPECT_EQ(house_.steps[4].reason, "drained; revoked 1 timer");
}

TEST_F(Walk, StopWaitsForCallsAndRounds) {
    int table = 0;
    script_.start = [&](sh_error*) {
        EXPECT_EQ(house_.services.provide(*instance_, "a/1", &table, nullptr), SH_OK);
        return SH_OK;
    };
    start();
    Script other;
    auto user = house_.make(other, describe("user", {}, {"a/1"}));
    const sh_lease* lease = house_.services.acquire(*user, "a/1");
    const void* found = nullptr;
    void* self = nullptr;
    ASSERT_EQ(ServiceRegistry::enter(lease, &found, &self), SH_OK);
    walk_->stop("switched off", 100);
    settle();
    EXPECT_EQ(walk_->state(), State::draining);
    EXPECT_FALSE(script_.called("stop"));
    ServiceRegistry::leave(lease);
    settle();
    EXPECT_EQ(walk_->state(), State::retired);
}

TEST_F(Walk, StopWaitsForTheRoundOfEachLoop) {
    start();
    walk_->stop("switched off", 100);
    for (int i = 0; i < 5; ++i) {
        walk_->advance();
        house_.queues.run_all();
    }
    EXPECT_FALSE(script_.called("loop_stop 0"));
    EXPECT_EQ(house_.rounds.waiting(), 1u);
    settle();
    EXPECT_EQ(walk_->state(), State::retired);
}

TEST_F(Walk, TicketsAreAnsweredBeforeStop) {
    std::vector<std::string> order;
    script_.complete = [&](std::uint64_t, const sh_result& result) {
        EXPECT_EQ(result.status, SH_GONE);
        order.emplace_back("answer");
    };
    script_.stop = [&] { order.emplace_back("stop"); };
    start();
    sh_ticket ticket = 0;
    ASSERT_EQ(house_.tickets.open(*instance_, {SH_ON_STORE, 5, nullptr, 100}, 0, &ticket), SH_OK);
    stop();
    EXPECT_THAT(order, ElementsAre("answer", "stop"));
    EXPECT_EQ(house_.tickets.stats().gone, 1u);
}

TEST_F(Walk, ACallThatNeverReturnsLeavesTheInstanceInPlace) {
    int table = 0;
    bool timer = true;
    script_.start = [&](sh_error*) {
        EXPECT_EQ(house_.services.provide(*instance_, "a/1", &table, nullptr), SH_OK);
        static_cast<void>(instance_->handles().add({"timer", {}, [&] { timer = false; }}));
        return SH_OK;
    };
    start();
    Script other;
    auto user = house_.make(other, describe("user", {}, {"a/1"}));
    const sh_lease* lease = house_.services.acquire(*user, "a/1");
    const void* found = nullptr;
    void* self = nullptr;
    ASSERT_EQ(ServiceRegistry::enter(lease, &found, &self), SH_OK);
    stop();
    house_.clock.advance_ms(1'000);
    walk_->advance();
    EXPECT_EQ(walk_->state(), State::failed);
    EXPECT_TRUE(walk_->left_in_place());
    EXPECT_EQ(
        walk_->reason(),
        "calls into its services never returned within 1000 ms (1 in a/1): the instance is left in place; "
        "restart the host to be rid of it");
    EXPECT_FALSE(script_.called("stop"));
    EXPECT_FALSE(script_.called("destroy"));
    EXPECT_FALSE(timer);
    EXPECT_FALSE(instance_->call("handler", [] {}));
    ServiceRegistry::leave(lease);
}

TEST_F(Walk, ALoopThatNeverComesRoundLeavesTheInstanceInPlace) {
    begin();
    house_.queues.run(SH_ON_LOOP(0));
    house_.clock.advance_ms(1'000);
    walk_->advance();
    EXPECT_EQ(walk_->reason(),
              "a loop did not run loop_start() within 1000 ms: the instance is left in place; restart the "
              "host to be "
              "rid of it");
    house_.queues.run(SH_ON_LOOP(1));  // it comes round after all, to an instance that is still there
    EXPECT_TRUE(script_.called("loop_start 1"));
}

TEST_F(Walk, HooksThatThrowOnTheWayDownDoNotStopIt) {
    script_.drain = [](std::uint32_t, sh_error*) -> std::uint32_t { throw std::runtime_error("d"); };
    script_.loop_stop = [](std::uint32_t, void*) { throw std::runtime_error("l"); };
    script_.stop = [] { throw std::runtime_error("s"); };
    start();
    stop();
    EXPECT_EQ(walk_->state(), State::retired);
    EXPECT_THAT(house_.faults, ElementsAre("sample drain: d", "sample loop_stop: l", "sample loop_stop: l",
                                           "sample stop: s"));
    EXPECT_THAT(house_.steps[4].reason, HasSubstr("stop() threw (s)"));
}

TEST_F(Walk, ADestroyThatThrowsIsAFailure) {
    script_.destroy = [] { throw std::runtime_error("d"); };
    start();
    stop();
    EXPECT_EQ(walk_->state(), State::failed);
    EXPECT_THAT(walk_->reason(), HasSubstr("destroy() threw (d)"));
}

TEST_F(Walk, ARunningInstanceTakesANewSection) {
    start();
    EXPECT_TRUE(walk_->reconfigure().ok());
    script_.configure = [](sh_error* error) {
        say(error, "the port");
        return SH_NEEDS_RESTART;
    };
    EXPECT_EQ(walk_->reconfigure().status, SH_NEEDS_RESTART);
    house_.no_config = "bad section";
    EXPECT_EQ(walk_->reconfigure().status, SH_REJECTED);
    EXPECT_TRUE(walk_->started());
    stop();
    EXPECT_EQ(walk_->reconfigure().status, SH_NEEDS_RESTART);
}

}  // namespace
}  // namespace streamhost::control
