// One small plugin per rule, loaded and walked by the real thing: what the host says about each.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lifecycle/test_bridge.hpp"
#include "runtime/fault.hpp"

namespace streamhost::test {
namespace {

using control::State;
using testing::ElementsAre;
using testing::HasSubstr;

class Rules : public testing::Test {
protected:
    void run(const std::string& plugin) {
        host_.install(plugin);
        ASSERT_TRUE(host_.start({plugin}));
    }
    void run_and_stop(const std::string& plugin) {
        run(plugin);
        ASSERT_EQ(host_.state(plugin), State::started) << host_.reason(plugin);
        ASSERT_TRUE(host_.toggle(plugin, false));
    }

    TestHost host_;
};

TEST_F(Rules, AMissingFunctionIsNamed) {
    run("no_stop");
    EXPECT_EQ(host_.state("no_stop"), State::failed);
    EXPECT_EQ(host_.reason("no_stop"), "create() left stop() empty: fill in every member up to destroy");
}

TEST_F(Rules, AFailedCreateIsShownWithItsReason) {
    run("create_fails");
    EXPECT_EQ(host_.state("create_fails"), State::failed);
    EXPECT_EQ(host_.reason("create_fails"), "create() answered SH_FORBIDDEN: no licence");
    EXPECT_FALSE(host_.toggle("consumer", true));
}

TEST_F(Rules, AStartThatFailsHalfWayIsUndone) {
    run("start_half");
    EXPECT_EQ(host_.state("start_half"), State::failed);
    EXPECT_EQ(host_.reason("start_half"),
              "start() answered SH_UNAVAILABLE: the third step does not work here; revoked 2 timer");
    EXPECT_EQ(host_.live_timers.load(), 0);
    EXPECT_FALSE(host_.services.has_provider("test.sample/1"));
    EXPECT_EQ(host_.tickets.stats().gone, 1u);
    EXPECT_EQ(host_.supervisor.left_in_place(), 0u);
}

TEST_F(Rules, ADrainThatNeverEndsIsCutAndNamed) {
    run_and_stop("never_drains");
    EXPECT_EQ(host_.reason_of_step("never_drains", State::stopped),
              "drain deadline passed, 1 left: a run that never ends");
    EXPECT_EQ(host_.reason_of_step("never_drains", State::retired), "its library stays mapped");
}

TEST_F(Rules, LeakedHandlesAreRevokedAndLaterOnesRefused) {
    run("leaks_handle");
    EXPECT_EQ(host_.live_timers.load(), 2);
    EXPECT_EQ(host_.view("leaks_handle").handles.at("timer"), 2u);
    ASSERT_TRUE(host_.toggle("leaks_handle", false));
    EXPECT_EQ(host_.live_timers.load(), 0);
    EXPECT_EQ(host_.reason_of_step("leaks_handle", State::stopped), "drained; revoked 2 timer");
}

TEST_F(Rules, ASecondAnswerIsDroppedAndCounted) {
    run("doubles_answer");
    EXPECT_EQ(host_.tickets.stats().doubled, 1u);
    EXPECT_EQ(host_.view("doubles_answer").doubled_answers, 1u);
    ASSERT_TRUE(host_.toggle("doubles_answer", false));
    EXPECT_EQ(host_.reason_of_step("doubles_answer", State::stopped), "heard once");
}

TEST_F(Rules, ACallFromTheWrongRoleIsRefusedAndCounted) {
    const auto before = runtime::role_violations();
    const auto former = runtime::set_fault_handler([](std::string_view, std::string_view) noexcept {});
    run_and_stop("wrong_role");
    runtime::set_fault_handler(former);
    EXPECT_EQ(runtime::role_violations() - before, 1u);
    EXPECT_EQ(host_.reason_of_step("wrong_role", State::stopped), "provide() answered SH_WRONG_ROLE");
    EXPECT_FALSE(host_.services.has_provider("test.sample/1"));
}

std::string thrown(const std::string& hook) {
    return hook + "() threw (boom): no exception may leave a plugin, catch it there";
}

TEST_F(Rules, AnExceptionOnTheWayUpIsAFailedStart) {
    for (const std::string hook : {"create", "configure", "start", "loop_start"}) {
        SCOPED_TRACE(hook);
        run("throws_" + hook);
        EXPECT_EQ(host_.state("throws_" + hook), State::failed);
        EXPECT_EQ(host_.reason("throws_" + hook), thrown(hook));
    }
    EXPECT_EQ(host_.supervisor.left_in_place(), 0u);
}

TEST_F(Rules, AnExceptionOnTheWayDownDoesNotStopIt) {
    for (const std::string hook : {"drain", "stop"}) {
        SCOPED_TRACE(hook);
        run_and_stop("throws_" + hook);
        EXPECT_THAT(host_.reason_of_step("throws_" + hook, State::stopped), HasSubstr(thrown(hook)));
        EXPECT_EQ(host_.reason_of_step("throws_" + hook, State::retired), "its library stays mapped");
    }
}

TEST_F(Rules, AnExceptionOutOfDestroyIsAFailure) {
    run_and_stop("throws_destroy");
    EXPECT_EQ(host_.state("throws_destroy"), State::failed);
    EXPECT_EQ(host_.reason("throws_destroy"), thrown("destroy"));
}

TEST_F(Rules, AnExceptionOnALoopIsCountedAndTheLoopGoesOn) {
    run_and_stop("throws_loop_stop");
    EXPECT_THAT(host_.faults_seen(),
                ElementsAre("throws_loop_stop loop_stop: boom", "throws_loop_stop loop_stop: boom"));
    EXPECT_EQ(host_.reason_of_step("throws_loop_stop", State::retired), "its library stays mapped");
}

TEST_F(Rules, AnExceptionInATaskOrAnAnswerIsCounted) {
    for (const std::string hook : {"run_task", "complete"}) {
        SCOPED_TRACE(hook);
        host_.faults.clear();
        run_and_stop("throws_" + hook);
        EXPECT_THAT(host_.faults_seen(), ElementsAre("throws_" + hook + " " + hook + ": boom"));
    }
}

}  // namespace
}  // namespace streamhost::test
