#include "app/change_plan.hpp"

#include <gtest/gtest.h>

#include "config/test/support.hpp"

namespace streamhost::app {
namespace {

using Names = std::vector<std::string>;

class Plan : public testing::Test {
protected:
    static std::shared_ptr<const config::Configuration> make(const std::vector<std::string>& settings) {
        const auto loaded = config::load(config::test::chat_schema(), {{}, {"KEY=hunter2"}, settings});
        EXPECT_TRUE(loaded.configuration) << config::format(loaded.errors);
        return loaded.configuration;
    }
    // What runs is what `before` enables, unless said otherwise.
    control::PluginView& plugin(const std::string& name, bool runs) {
        control::PluginView view;
        view.name = name;
        view.wanted = runs;
        view.state = runs ? control::State::started : control::State::verified;
        plugins_.push_back(view);
        return plugins_.back();
    }
    ChangePlan plan(const std::vector<std::string>& before, const std::vector<std::string>& after) {
        return plan_changes(*make(before), *make(after), plugins_);
    }
    static Effect effect(const ChangePlan& plan, const std::string& path) {
        for (const ChangePlan::Entry& entry : plan.changes)
            if (entry.change.path == path) return entry.effect;
        ADD_FAILURE() << path << " does not change";
        return Effect::kNothing;
    }

    std::vector<control::PluginView> plugins_;
};

TEST_F(Plan, OfTheHostsKeysSomeHoldAtOnceAndSomeWait) {
    const ChangePlan made = plan({}, {"limits.connections=7", "runtime.loops=2", "logging.level=warn"});
    EXPECT_EQ(effect(made, "limits.connections"), Effect::kAtOnce);
    EXPECT_EQ(effect(made, "logging.level"), Effect::kAtOnce);
    EXPECT_EQ(effect(made, "runtime.loops"), Effect::kRestartsNode);
    EXPECT_EQ(made.node, (Names{"runtime.loops"}));
    EXPECT_TRUE(made.disconnect.empty() && made.restarts.empty() && made.starts.empty());
}

TEST_F(Plan, ASectionIsTakenWholeSoOneKeyHasTheOthersWait) {
    plugin("chat", true);
    const ChangePlan live =
        plan({"plugins.chat.enabled=true"}, {"plugins.chat.enabled=true", "plugins.chat.max_runs=20"});
    EXPECT_EQ(effect(live, "plugins.chat.max_runs"), Effect::kAtOnce);
    EXPECT_EQ(live.sections, (Names{"chat"}));
    EXPECT_TRUE(live.restarts.empty());
    const ChangePlan both =
        plan({"plugins.chat.enabled=true"},
             {"plugins.chat.enabled=true", "plugins.chat.max_runs=20", "plugins.chat.greeting=hi"});
    EXPECT_EQ(effect(both, "plugins.chat.max_runs"), Effect::kRestartsPlugin);
    EXPECT_EQ(both.restarts, (Names{"chat"}));
    EXPECT_TRUE(both.disconnect.empty()) << "it has no connections";
}

TEST_F(Plan, ClientsOfAPluginReconnectWhenItIsRestartedOrStopped) {
    plugin("chat", true).handles["websocket route"] = 1;
    plugin("echo", true).handles["timer"] = 3;
    const std::vector<std::string> before = {"plugins.chat.enabled=true", "plugins.echo.enabled=true"};
    const ChangePlan restart =
        plan(before, {"plugins.chat={enabled: true, greeting: hi}", "plugins.echo.enabled=true"});
    EXPECT_EQ(restart.disconnect, (Names{"chat"}));
    EXPECT_EQ(
        summary_json(restart, 12),
        R"({"restarts":["chat"],"starts":[],"stops":[],"also_stop":[],"degrade":[],"node":[],"disconnects":["chat"],"clients":12})");
    const ChangePlan stop = plan(before, {});
    EXPECT_EQ(stop.stops, (Names{"chat", "echo"}));
    EXPECT_EQ(stop.disconnect, (Names{"chat"}));
    EXPECT_EQ(effect(stop, "plugins.echo.enabled"), Effect::kSwitchesPlugin);
    EXPECT_EQ(
        summary_json(plan(before, before), 12),
        R"({"restarts":[],"starts":[],"stops":[],"also_stop":[],"degrade":[],"node":[],"disconnects":[],"clients":0})");
}

TEST_F(Plan, WhoStopsWithAnotherOneIsNamedOnceWithItsReason) {
    plugin("chat", true);
    ChangePlan stop = plan({"plugins.chat.enabled=true"}, {});
    add_others(stop, {.stops = {{"bot", "it requires chat/1"}, {"chat", "switched off"}},
                      .degrades = {{"gateway", "uses chat/1 if present"}}});
    EXPECT_NE(
        summary_json(stop, 0).find(R"("stops":["chat"],)"
                                   R"("also_stop":[{"plugin":"bot","because":"it requires chat/1"}],)"
                                   R"("degrade":[{"plugin":"gateway","because":"uses chat/1 if present"}])"),
        std::string::npos)
        << summary_json(stop, 0);
}

TEST_F(Plan, WhatDoesNotRunHasNothingToTake) {
    plugin("chat", false);
    const ChangePlan off = plan({}, {"plugins.chat.greeting=hi"});
    EXPECT_EQ(effect(off, "plugins.chat.greeting"), Effect::kNothing);
    EXPECT_TRUE(off.sections.empty());
    const ChangePlan on = plan({}, {"plugins.chat={enabled: true, greeting: hi}"});
    EXPECT_EQ(on.starts, (Names{"chat"}));
    EXPECT_EQ(effect(on, "plugins.chat.greeting"), Effect::kSwitchesPlugin);
}

TEST_F(Plan, WhatAnOperatorSwitchedOffStaysOffUntilItsSectionChanges) {
    plugin("chat", false);
    const std::vector<std::string> enabled = {"plugins.chat.enabled=true"};
    EXPECT_TRUE(plan(enabled, {"plugins.chat.enabled=true", "limits.connections=7"}).starts.empty());
    EXPECT_EQ(plan(enabled, {"plugins.chat={enabled: true, greeting: hi}"}).starts, (Names{"chat"}));
}

TEST_F(Plan, WhatFailedGetsAnotherChanceWithItsNewSection) {
    control::PluginView& chat = plugin("chat", false);
    chat.wanted = true;
    chat.state = control::State::failed;
    EXPECT_EQ(plan({"plugins.chat.enabled=true"}, {"plugins.chat={enabled: true, greeting: hi}"}).starts,
              (Names{"chat"}));
}

TEST_F(Plan, ShowsNoSecret) {
    plugin("chat", true);
    const auto with = [](const std::string& key) {
        return std::vector<std::string>{
            "plugins.chat={enabled: true, providers: {m: {kind: openai, api_key: '" + key + "'}}}"};
    };
    const std::string json = to_json(plan(with("${env:KEY}"), with("${env:KEY}x")).changes);
    EXPECT_EQ(json, R"-([{"path":"plugins.chat.providers.m.api_key","kind":"changed","before":"(secret)",)-"
                    R"-("after":"(secret)","effect":"restarts_plugin","plugin":"chat",)-"
                    R"-("where":"--set plugins.chat"}])-");
}

TEST_F(Plan, WhatWaitsIsShownWithWhatItWaitsFor) {
    config::Change key;
    key.path = "runtime.loops";
    key.after = "2";
    config::Change section = key;
    section.path = "plugins.chat.greeting";
    section.plugin = "chat";
    const auto entries = as_entries({key, section});
    EXPECT_EQ(entries[0].effect, Effect::kRestartsNode);
    EXPECT_EQ(entries[1].effect, Effect::kRestartsPlugin);
}

}  // namespace
}  // namespace streamhost::app
