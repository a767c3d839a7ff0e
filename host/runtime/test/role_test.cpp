#include "runtime/role.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "runtime/clock.hpp"
#include "runtime/test/fault_log.hpp"

namespace streamhost::runtime {
namespace {

TEST(Role, AFreshThreadHasNone) {
    Roles seen = Role::control;
    std::thread([&] { seen = thread_role().roles; }).join();
    EXPECT_EQ(seen, Roles());
}

TEST(Role, ScopesNestAndRestore) {
    const RoleScope outer(Roles(Role::loop) | Role::store, 3);
    EXPECT_TRUE(check_role(Role::store, "store call"));
    {
        const RoleScope inner(Role::loop);
        EXPECT_EQ(thread_role().roles, Roles(Role::loop));
        EXPECT_EQ(thread_role().loop_index, 3);
    }
    EXPECT_TRUE(thread_role().roles.intersects(Role::store));
}

TEST(Role, AWrongRoleIsRefusedCountedAndNamed) {
    const test::FaultLog log;
    const RoleScope scope(Role::worker_short);
    const auto before = role_violations();
    EXPECT_FALSE(check_role(Roles(Role::loop) | Role::store, "cursor_set"));
    EXPECT_EQ(role_violations(), before + 1);
    ASSERT_EQ(log.lines().size(), 1U);
    EXPECT_EQ(log.lines()[0], "cursor_set: called as worker(short), needs loop+store");
}

TEST(Role, EitherWorkerServesAsAnyWorker) {
    const RoleScope scope(Role::worker_long);
    EXPECT_TRUE(check_role(kAnyWorker, "jwt"));
}

#ifndef NDEBUG
TEST(RoleDeathTest, DebugBuildsStopAtTheFirstViolation) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(static_cast<void>(check_role(Role::control, "configure")),
                 "configure: called as none, needs control");
}
#endif

TEST(Fault, CountsAndRestoresTheHandler) {
    const auto before = fault_count();
    {
        const test::FaultLog log;
        fault("here", "this");
        EXPECT_EQ(log.lines(), std::vector<std::string>{"here: this"});
    }
    EXPECT_EQ(fault_count(), before + 1);
}

TEST(Clock, ManualTimeMovesOnlyWhenTold) {
    ManualClock clock(10, 1'000);
    EXPECT_EQ(clock.monotonic_ms(), 10U);
    clock.advance_ms(5);
    EXPECT_EQ(clock.monotonic_ms(), 15U);
    EXPECT_EQ(clock.wall_ms(), 1'005);
    clock.step_wall_ms(-100);
    EXPECT_EQ(clock.monotonic_ms(), 15U);
    EXPECT_EQ(clock.wall_ms(), 905);
}

TEST(Clock, SystemTimeIsMonotonicAndOfThisCentury) {
    const SystemClock clock;
    const auto first = clock.monotonic_ns();
    EXPECT_GE(clock.monotonic_ns(), first);
    EXPECT_GT(clock.wall_ms(), 1'500'000'000'000);
}

}  // namespace
}  // namespace streamhost::runtime
