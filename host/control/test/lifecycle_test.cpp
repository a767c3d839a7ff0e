#include "control/lifecycle.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/test/walk.hpp"

namespace streamhost::control {
namespace {

using test::Walk;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

}  // namespace
}  // namespace streamhost::control
