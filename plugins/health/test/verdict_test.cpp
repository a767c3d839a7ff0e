#include "verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report.hpp"

namespace health {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ReportOptions;

Verdict judged(const ReportOptions& options = {}, const CanaryView& canary = {}) {
    return judge(read_report(testing::report(options)), canary, {});
}

TEST(Verdict, ANodeThatRuns) {
    const Verdict verdict = judged();
    EXPECT_TRUE(verdict.is_live);
    EXPECT_TRUE(verdict.is_ready);
    EXPECT_TRUE(verdict.is_started);
    EXPECT_FALSE(verdict.is_degraded);
    EXPECT_THAT(verdict.reasons, IsEmpty());
    EXPECT_EQ(verdict.status(), "ok");
}

TEST(Verdict, ALostStoreTakesNoNodeOutOfTheBalancer) {
    const Verdict verdict = judged({.store = R"({"kind":"redis","state":"down"})"});
    EXPECT_TRUE(verdict.is_live);
    EXPECT_TRUE(verdict.is_ready);
    EXPECT_EQ(verdict.status(), "degraded");
    EXPECT_THAT(verdict.reasons, ElementsAre("the store redis is down"));
    const Verdict told = judged({.store = R"({"kind":"redis","state":"down","reason":"no answer in time"})"});
    EXPECT_THAT(told.reasons, ElementsAre("the store redis is down: no answer in time"));
}

TEST(Verdict, AStoreThatServesAndRefusesWritesIsNewsInItsOwnWords) {
    const Verdict verdict =
        judged({.store = R"({"kind":"redis","state":"ok","refusal":"it is full: OOM no room"})"});
    EXPECT_TRUE(verdict.is_ready);
    EXPECT_EQ(verdict.status(), "degraded");
    EXPECT_THAT(verdict.reasons, ElementsAre("the store redis refuses writes: it is full: OOM no room"));
    CanaryView canary{};
    for (ProbeView& probe : canary)
        probe.state = Tweet::kFailing;
    const Verdict told = judged({.store = R"({"kind":"redis","state":"ok","refusal":"full"})"}, canary);
    EXPECT_THAT(told.reasons, ElementsAre("the store redis refuses writes: full",
                                          "a message to ourselves does not come back"))
        << "why a write fails is said once";
}

TEST(Verdict, ANodeThatNeverReachedItsStoreIsNotReady) {
    const Verdict verdict = judged({.store = R"({"kind":"redis","state":"down","reached":false})"});
    EXPECT_TRUE(verdict.is_live);
    EXPECT_TRUE(verdict.is_started);
    EXPECT_FALSE(verdict.is_ready);
    EXPECT_THAT(verdict.reasons,
                ElementsAre("the store redis is down and was not reached since the process began"));
    EXPECT_TRUE(judged({.store = R"({"kind":"redis","state":"down","reached":true})"}).is_ready);
}

TEST(Verdict, PhasesDecideReadiness) {
    const Verdict starting = judged({.phase = "starting"});
    EXPECT_TRUE(starting.is_live);
    EXPECT_FALSE(starting.is_ready);
    EXPECT_FALSE(starting.is_started);
    for (const char* phase : {"draining", "stopping"}) {
        const Verdict verdict = judged({.phase = phase});
        EXPECT_TRUE(verdict.is_live);
        EXPECT_FALSE(verdict.is_ready) << phase;
        EXPECT_TRUE(verdict.is_started) << "an orchestrator must not think that it never came up";
        EXPECT_EQ(verdict.status(), "down");
    }
}

TEST(Verdict, ANodeAtItsConnectionLimitIsNotReadyAndWellOtherwise) {
    EXPECT_TRUE(judged({.connections = "99"}).is_ready);
    const Verdict full = judged({.connections = "100"});
    EXPECT_FALSE(full.is_ready);
    EXPECT_TRUE(full.is_live);
    EXPECT_FALSE(full.is_degraded);
}

TEST(Verdict, OnlyALoopThatIsStuckIsDeath) {
    EXPECT_TRUE(judged({.stuck_ms = "10000"}).is_live) << "slow is not dead";
    const Verdict stuck = judged({.stuck_ms = "10001"});
    EXPECT_FALSE(stuck.is_live);
    EXPECT_THAT(stuck.reasons, ElementsAre("loop store has not come back for 10001 ms"));
    EXPECT_EQ(stuck.status(), "down");
}

TEST(Verdict, APluginThatIsWantedAndNotThereDegrades) {
    const Verdict failed = judged({.chat = R"({"enabled":true,"state":"failed","reason":"no key"})"});
    EXPECT_TRUE(failed.is_ready);
    EXPECT_THAT(failed.reasons, ElementsAre("plugin chat is failed: no key"));
    EXPECT_FALSE(judged({.chat = R"({"enabled":false,"state":"retired"})"}).is_degraded);
}

TEST(Verdict, APluginsComponentDegrades) {
    const Verdict verdict = judged(
        {.chat =
             R"({"enabled":true,"state":"started","components":{"a":{"state":"ok"},"b":{"state":"degraded","detail":"late"}}})"});
    EXPECT_TRUE(verdict.is_ready);
    EXPECT_THAT(verdict.reasons, ElementsAre("chat b is degraded: late"));
}

TEST(Verdict, APluginsComponentMayRefuseNewClientsForThisNode) {
    const Verdict verdict = judged(
        {.chat =
             R"({"enabled":true,"state":"started","components":{"b":{"state":"down","detail":"gone"}}})"});
    EXPECT_FALSE(verdict.is_ready);
    EXPECT_TRUE(verdict.is_live);
    EXPECT_THAT(verdict.reasons, ElementsAre("chat b is down: gone"));
}

TEST(Verdict, OnlyACanaryThatFailsAgainDegrades) {
    CanaryView canary{};
    for (const Tweet state : {Tweet::kUnknown, Tweet::kOk, Tweet::kLate, Tweet::kOff}) {
        for (ProbeView& probe : canary)
            probe.state = state;
        EXPECT_FALSE(judged({}, canary).is_degraded) << to_string(state);
    }
    for (ProbeView& probe : canary)
        probe.state = Tweet::kFailing;
    const Verdict verdict = judged({}, canary);
    EXPECT_TRUE(verdict.is_ready);
    EXPECT_THAT(verdict.reasons, ElementsAre(HasSubstr("store"), HasSubstr("entry"), HasSubstr("message")));
}

TEST(Verdict, AReportThatCannotBeReadIsNotCalledWell) {
    const Verdict verdict = judge(read_report("{"), {}, {});
    EXPECT_TRUE(verdict.is_live);
    EXPECT_FALSE(verdict.is_ready);
    EXPECT_EQ(verdict.status(), "down");
}

}  // namespace
}  // namespace health
