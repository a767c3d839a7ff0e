#include "control/lifecycle.hpp"

#include <optional>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/test/house.hpp"

namespace streamhost::control {
namespace {

using test::describe;
using test::House;
using test::say;
using test::Script;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Walk : public testing::Test {
protected:
    void begin() {
        instance_ = house_.make(script_, describe("sample", {"a/1"}, {"b/1"}));
        walk_.emplace(house_.ports, LifecycleLimits{.drain_ms = 100, .drain_poll_ms = 10, .settle_ms = 1'000},
                      instance_);
        walk_->start();
    }
    /// Everything that others have to do happens, until the walk rests or waits for time.
    void settle() {
        for (int i = 0; i < 20; ++i) {
            walk_->advance();
            house_.queues.run_all();
            house_.rounds.pass();
        }
        walk_->advance();
    }
    void start() {
        begin();
        settle();
        ASSERT_EQ(walk_->state(), State::started) << walk_->reason();
    }
    void stop(std::uint32_t drain_ms = 100) {
        walk_->stop("switched off", drain_ms);
        settle();
    }
    std::vector<std::string> states() const {
        std::vector<std::string> names;
        for (const StepRecord& step : house_.steps)
            names.emplace_back(to_string(step.to));
        return names;
    }
    static sh_status refuse(sh_error* error) {
        say(error, "not today");
        return SH_INVALID;
    }

    House house_;
    Script script_;
    std::shared_ptr<Instance> instance_;
    std::optional<Lifecycle> walk_;
};

TEST_F(Walk, GoesUpAndDownInOrder) {
    start();
    EXPECT_THAT(script_.calls, ElementsAre("create", "configure", "start", "loop_start 0", "loop_start 1"));
    script_.calls.clear();
    stop();
    EXPECT_THAT(script_.calls, ElementsAre("drain", "loop_stop 0", "loop_stop 1", "stop", "destroy"));
    EXPECT_THAT(states(), ElementsAre("created", "configured", "started", "draining", "stopped", "destroyed",
                                      "retired"));
    EXPECT_EQ(walk_->state(), State::retired);
    EXPECT_TRUE(walk_->ended());
    EXPECT_THAT(house_.faults, IsEmpty());
}

TEST_F(Walk, WhatStartPostsBeginsAfterEveryLoopStart) {
    script_.start = [this](sh_error*) -> sh_status {
        EXPECT_EQ(instance_->start_hold().keep([this] { script_.calls.emplace_back("first"); }),
                  StartHold::Kept::kept);
        EXPECT_EQ(instance_->start_hold().keep([this] { script_.calls.emplace_back("second"); }),
                  StartHold::Kept::kept);
        return SH_OK;
    };
    begin();
    EXPECT_FALSE(script_.called("first"));
    settle();
    EXPECT_THAT(script_.calls, ElementsAre("create", "configure", "start", "loop_start 0", "loop_start 1",
                                           "first", "second"));
    EXPECT_EQ(instance_->start_hold().keep([] {}), StartHold::Kept::open);
}

TEST_F(Walk, WhatAFailedStartPostedNeverBegins) {
    script_.start = [this](sh_error* error) {
        static_cast<void>(instance_->start_hold().keep([this] { script_.calls.emplace_back("posted"); }));
        return refuse(error);
    };
    begin();
    settle();
    EXPECT_EQ(walk_->state(), State::failed);
    EXPECT_FALSE(script_.called("posted"));
}

TEST_F(Walk, LoopsMayCallItOnceMoreAboutWhatWasTakenBack) {
    start();
    bool was_let_in = false;
    static_cast<void>(instance_->handles().add({"route", {}, [&] {
                                                    static_cast<void>(house_.queues.post(SH_ON_LOOP(0), [&] {
                                                        was_let_in = instance_->call("closed", [this] {
                                                            script_.calls.emplace_back("closed");
                                                        });
                                                    }));
                                                }}));
    script_.calls.clear();
    stop();
    EXPECT_TRUE(was_let_in);
    EXPECT_THAT(script_.calls,
                ElementsAre("drain", "closed", "loop_stop 0", "loop_stop 1", "stop", "destroy"));
    EXPECT_FALSE(instance_->call("late", [] {}));
}

TEST_F(Walk, StepsAreRecordedWithReasonAndDuration) {
    begin();
    house_.clock.advance_ms(7);
    settle();
    const StepRecord& started = house_.steps.back();
    EXPECT_EQ(started.plugin, "sample");
    EXPECT_EQ(started.generation, 1u);
    EXPECT_EQ(started.from, State::configured);
    EXPECT_EQ(started.duration_us, 7'000u);
    walk_->stop("switched off", 10);
    EXPECT_EQ(house_.steps.back().reason, "switched off");
    settle();
    EXPECT_EQ(house_.steps[4].reason, "drained");
    EXPECT_EQ(house_.steps.back().reason, "its library stays mapped");
}

TEST_F(Walk, HooksRunUnderTheControlRole) {
    runtime::Roles at_start;
    runtime::Roles at_stop;
    script_.start = [&](sh_error*) {
        at_start = runtime::thread_role().roles;
        return SH_OK;
    };
    script_.stop = [&] { at_stop = runtime::thread_role().roles; };
    start();
    stop();
    EXPECT_EQ(at_start, runtime::Roles(runtime::Role::control));
    EXPECT_EQ(at_stop, runtime::Roles(runtime::Role::control));
}

TEST_F(Walk, NothingShowsBeforeAllLoopsHaveStarted) {
    int table = 0;
    bool routed = false;
    script_.start = [&](sh_error*) {
        EXPECT_EQ(house_.services.provide(*instance_, "a/1", &table, nullptr), SH_OK);
        EXPECT_NE(instance_->handles().add({"route", [&] { routed = true; }, [&] { routed = false; }}).handle,
                  0u);
        return SH_OK;
    };
    begin();
    house_.queues.run(SH_ON_LOOP(0));
    walk_->advance();
    EXPECT_FALSE(house_.services.has_provider("a/1"));
    EXPECT_FALSE(routed);
    house_.queues.run(SH_ON_LOOP(1));
    walk_->advance();
    EXPECT_EQ(walk_->state(), State::started);
    EXPECT_TRUE(house_.services.has_provider("a/1"));
    EXPECT_TRUE(routed);
    stop();
    EXPECT_FALSE(routed);
    EXPECT_FALSE(house_.services.has_provider("a/1"));
}

TEST_F(Walk, AFailedCreateHasNothingToDestroy) {
    script_.create = [](const sh_host*, sh_plugin*, sh_error* error) { return refuse(error); };
    begin();
    EXPECT_EQ(walk_->state(), State::failed);
    EXPECT_EQ(walk_->reason(), "create() answered SH_INVALID: not today");
    EXPECT_THAT(script_.calls, ElementsAre("create"));
}

TEST_F(Walk, AFailedConfigureIsDestroyed) {
    script_.configure = &refuse;
    begin();
    settle();
    EXPECT_EQ(walk_->reason(), "configure() answered SH_INVALID: not today");
    EXPECT_THAT(script_.calls, ElementsAre("create", "configure", "destroy"));
    EXPECT_THAT(states(), ElementsAre("created", "failed"));
}

TEST_F(Walk, WithoutAValidSectionConfigureIsNotCalled) {
    house_.no_config = "plugins.sample.limit: 7 is not a string";
    begin();
    settle();
    EXPECT_EQ(walk_->reason(), "plugins.sample.limit: 7 is not a string");
    EXPECT_THAT(script_.calls, ElementsAre("create", "destroy"));
}

TEST_F(Walk, AFailedStartIsUndoneExactly) {
    int table = 0;
    std::vector<std::string> undone;
    std::vector<std::uint64_t> answered;
    script_.complete = [&](std::uint64_t token, const sh_result& result) {
        EXPECT_EQ(result.status, SH_GONE);
        answered.push_back(token);
    };
    script_.start = [&](sh_error* error) {
        EXPECT_EQ(house_.services.provide(*instance_, "a/1", &table, nullptr), SH_OK);
        static_cast<void>(instance_->handles().add({"timer", {}, [&] { undone.emplace_back("timer"); }}));
        static_cast<void>(instance_->handles().add({"route", {}, [&] { undone.emplace_back("route"); }}));
        sh_ticket ticket = 0;
        EXPECT_EQ(house_.tickets.open(*instance_, {SH_ON_STORE, 5, nullptr, 100}, 0, &ticket), SH_OK);
        return refuse(error);
    };
    begin();
    settle();
    EXPECT_EQ(walk_->state(), State::failed);
    EXPECT_EQ(walk_->reason(), "start() answered SH_INVALID: not today; revoked 1 route, 1 timer");
    EXPECT_THAT(undone, ElementsAre("route", "timer"));
    EXPECT_THAT(answered, ElementsAre(5u));
    EXPECT_THAT(script_.calls, ElementsAre("create", "configure", "start", "destroy"));
    EXPECT_THAT(house_.services.edges(), IsEmpty());
    EXPECT_FALSE(walk_->left_in_place());
}

TEST_F(Walk, ALoopThatFailsToStartUndoesTheOthers) {
    script_.loop_start = [](std::uint32_t loop) -> void* {
        if (loop == 1) throw std::runtime_error("no memory for loop 1");
        return nullptr;
    };
    begin();
    settle();
    EXPECT_THAT(walk_->reason(), HasSubstr("loop_start() threw (no memory for loop 1)"));
    EXPECT_THAT(script_.calls, ElementsAre("create", "configure", "start", "loop_start 0", "loop_start 1",
                                           "loop_stop 0", "destroy"));
    EXPECT_THAT(states(), ElementsAre("created", "configured", "failed"));
}

TEST_F(Walk, AStopDuringTheStartUndoes) {
    begin();
    walk_->stop("the host stops", 100);
    settle();
    EXPECT_EQ(walk_->state(), State::failed);
    EXPECT_EQ(walk_->reason(), "the host stops");
    EXPECT_TRUE(script_.called("loop_stop 0"));
    EXPECT_FALSE(script_.called("stop"));
    EXPECT_TRUE(script_.called("destroy"));
}

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
