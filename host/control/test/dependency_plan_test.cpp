#include "control/dependency_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace streamhost::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Ids = std::vector<std::string>;

PlanNode node(std::string name, Ids provided, Ids required = {}, Ids optional = {}, bool enabled = true) {
    return {std::move(name), std::move(provided), std::move(required), std::move(optional), enabled};
}

std::vector<std::string> names(const std::vector<TogglePlan::Step>& steps) {
    std::vector<std::string> out;
    for (const auto& step : steps)
        out.push_back(step.name);
    return out;
}

TEST(StartPlan, PutsProvidersFirstAndTiesByName) {
    const std::vector<PlanNode> nodes{node("chat", {"chat/1"}, {"cache/1", "pubsub/1"}),
                                      node("pubsub", {"pubsub/1"}), node("cache", {"cache/1"}, {"pubsub/1"}),
                                      node("auth", {"auth/1"})};
    const StartPlan plan = plan_start(nodes);
    EXPECT_THAT(plan.order, ElementsAre("auth", "pubsub", "cache", "chat"));
    EXPECT_THAT(plan.blocked, IsEmpty());
}

TEST(StartPlan, LeavesDisabledPluginsOut) {
    const std::vector<PlanNode> nodes{node("a", {}), node("b", {}, {}, {}, false)};
    EXPECT_THAT(plan_start(nodes).order, ElementsAre("a"));
}

TEST(StartPlan, PutsOptionalProvidersFirstToo) {
    const std::vector<PlanNode> nodes{node("a", {}, {}, {"y/1"}), node("y", {"y/1"}, {"z/1"}),
                                      node("z", {"z/1"})};
    EXPECT_THAT(plan_start(nodes).order, ElementsAre("z", "y", "a"));
}

TEST(StartPlan, OptionalServicesMayCloseACircle) {
    const std::vector<PlanNode> nodes{node("a", {"a/1"}, {}, {"b/1"}), node("b", {"b/1"}, {"a/1"})};
    const StartPlan plan = plan_start(nodes);
    EXPECT_THAT(plan.order, ElementsAre("a", "b"));
    EXPECT_THAT(plan.blocked, IsEmpty());
}

TEST(StartPlan, PrintsACircleOfRequiredServices) {
    const std::vector<PlanNode> nodes{node("a", {"a/1"}, {"c/1"}), node("b", {"b/1"}, {"a/1"}),
                                      node("c", {"c/1"}, {"b/1"}), node("d", {}, {"a/1"}), node("e", {})};
    const StartPlan plan = plan_start(nodes);
    EXPECT_THAT(plan.order, ElementsAre("e"));
    ASSERT_EQ(plan.blocked.size(), 4u);
    EXPECT_EQ(plan.find_blocked("a")->reason,
              "it is in a circle of required services (a -> c -> b -> a): make one of them optional, or "
              "disable one "
              "plugin");
    EXPECT_EQ(plan.find_blocked("d")->reason, "it requires a/1, and its provider a cannot start: see there");
}

TEST(StartPlan, ToleratesOnlyOneEnabledProvider) {
    std::vector<PlanNode> nodes{node("memory", {"store/1"}), node("redis", {"store/1"}),
                                node("x", {}, {"store/1"})};
    StartPlan plan = plan_start(nodes);
    EXPECT_THAT(plan.order, IsEmpty());
    EXPECT_EQ(plan.find_blocked("memory")->reason,
              "store/1 has 2 enabled providers (memory, redis): keep one of them enabled");
    EXPECT_EQ(plan.find_blocked("redis")->reason, plan.find_blocked("memory")->reason);
    nodes[0].enabled = false;
    EXPECT_THAT(plan_start(nodes).order, ElementsAre("redis", "x"));
}

TEST(StartPlan, SaysWhereAMissingServiceCouldComeFrom) {
    const std::vector<PlanNode> nodes{node("a", {}, {"off/1"}), node("off", {"off/1"}, {}, {}, false),
                                      node("b", {"b/1"}, {"nowhere/1"}), node("c", {}, {"b/1"})};
    const StartPlan plan = plan_start(nodes);
    EXPECT_THAT(plan.order, IsEmpty());
    EXPECT_EQ(plan.find_blocked("a")->reason, "it requires off/1, and its provider is disabled: enable off");
    EXPECT_EQ(plan.find_blocked("b")->reason,
              "it requires nowhere/1, and no installed plugin provides it: install one that does, or disable "
              "this one");
    EXPECT_EQ(plan.find_blocked("c")->reason, "it requires b/1, and its provider b cannot start: see there");
}

TEST(StopPlan, PutsUsersFirstAndAtLastThoseWhoWatchWithWhatTheyRequire) {
    std::vector<PlanNode> nodes{node("health", {"health/1"}, {"clock/1"}, {"chat/1"}),
                                node("auth", {"auth/1"}, {}, {"pubsub/1"}),
                                node("chat", {"chat/1"}, {"pubsub/1"}),
                                node("clock", {"clock/1"}, {}, {"pubsub/1"}),
                                node("pubsub", {"pubsub/1"}),
                                node("off", {}, {}, {}, false)};
    EXPECT_THAT(plan_stop(nodes).order, ElementsAre("health", "clock", "chat", "auth", "pubsub"));
    EXPECT_THAT(plan_stop(nodes).last, IsEmpty());
    nodes[0].stops_last = nodes[1].stops_last = true;
    EXPECT_THAT(plan_stop(nodes).order, ElementsAre("chat", "pubsub"));
    EXPECT_THAT(plan_stop(nodes).last, ElementsAre("health", "clock", "auth"));
}

class Toggle : public testing::Test {
protected:
    std::vector<PlanNode> nodes_{node("pubsub", {"pubsub/1"}), node("gateway", {}, {"pubsub/1"}),
                                 node("chat", {"chat/1"}, {"pubsub/1"}), node("compat", {}, {"chat/1"}),
                                 node("console", {}, {}, {"chat/1"})};
};

TEST_F(Toggle, OffStopsDependentsInReverseAndDegradesUsers) {
    const TogglePlan plan = plan_toggle(nodes_, "chat", false);
    EXPECT_THAT(names(plan.stops), ElementsAre("compat", "chat"));
    EXPECT_THAT(names(plan.degrades), ElementsAre("console"));
    EXPECT_THAT(plan.starts, IsEmpty());
    EXPECT_EQ(plan.text(),
              "stops     compat: it requires chat/1, and its provider is disabled: enable chat\n"
              "stops     chat: switched off\n"
              "degrades  console: uses chat/1 if present\n");
}

TEST_F(Toggle, OnBringsBackWhatWaitedForIt) {
    nodes_[2].enabled = false;
    const TogglePlan plan = plan_toggle(nodes_, "chat", true);
    EXPECT_THAT(names(plan.starts), ElementsAre("chat", "compat"));
    EXPECT_THAT(names(plan.improves), ElementsAre("console"));
    EXPECT_THAT(plan.stops, IsEmpty());
}

TEST_F(Toggle, OfSeveralAtOnceNamesWhoStopsWithThem) {
    std::vector<PlanNode> wanted = nodes_;
    wanted[2].enabled = false;
    const TogglePlan plan = plan_change(nodes_, wanted);
    EXPECT_THAT(names(plan.stops), ElementsAre("compat", "chat"));
    EXPECT_THAT(names(plan.degrades), ElementsAre("console"));
    EXPECT_THAT(plan_change(wanted, nodes_).starts, testing::SizeIs(2));
    EXPECT_EQ(plan.refused, "");
}

TEST_F(Toggle, IsRefusedWhenThePluginCouldNotStart) {
    nodes_.push_back(node("pubsub2", {"pubsub/1"}, {}, {}, false));
    const TogglePlan plan = plan_toggle(nodes_, "pubsub2", true);
    EXPECT_THAT(plan.refused, HasSubstr("pubsub2 cannot start: pubsub/1 has 2 enabled providers"));
    EXPECT_THAT(plan.stops, IsEmpty());
    EXPECT_THAT(plan.text(), testing::StartsWith("refused: "));
}

TEST_F(Toggle, IsRefusedForAnUnknownPlugin) {
    EXPECT_EQ(plan_toggle(nodes_, "nobody", true).refused,
              "there is no plugin nobody: see the list of plugins");
}

TEST_F(Toggle, SaysWhenNothingChanges) {
    EXPECT_EQ(plan_toggle(nodes_, "chat", true).text(), "nothing changes\n");
}

}  // namespace
}  // namespace streamhost::control
