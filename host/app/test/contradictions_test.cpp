#include "app/contradictions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/abi/svc/auth.h"
#include "streamhost/abi/svc/recovery.h"
#include "streamhost/abi/svc/session.h"

#include "config/test/support.hpp"

namespace streamhost::app {
namespace {

using testing::HasSubstr;
using Nodes = std::vector<control::PlanNode>;

class Contradictions : public testing::Test {
protected:
    std::shared_ptr<const config::Configuration> with(const std::string& text) {
        const auto schema = config::compose({}, {.any_plugin = true}).schema;
        const auto loaded = config::load(schema, {{folder_.write("c.yaml", text)}, {}, {}});
        EXPECT_TRUE(loaded.configuration) << config::format(loaded.errors);
        return loaded.configuration;
    }
    std::string said(const std::string& text, const Nodes& plugins, bool admin_is_locked = false) {
        return config::format(contradictions(*with(text), plugins, admin_is_locked));
    }

    const config::test::Folder folder_;
};

TEST_F(Contradictions, APluginWhoseProviderIsOffIsToldInTheWordsOfTheNodeWithItsLine) {
    const std::string text = "plugins:\n  chat: {enabled: true}\n";
    Nodes plugins = {{"cache", {"cache/1"}, {}, {}, false}, {"chat", {}, {"cache/1"}, {}, true}};
    EXPECT_THAT(
        said(text, plugins),
        HasSubstr("c.yaml:2:19: plugins.chat.enabled: it cannot run: it requires cache/1, and its provider "
                  "is disabled: enable cache\n    next: "));
    plugins[0].enabled = true;
    EXPECT_EQ(said(text, plugins), "");
}

TEST_F(Contradictions, TokensThatNobodyJudgesLetNobodyIn) {
    const std::string gateway = "plugins: {gateway: {authentication: required}}\n";
    const std::string admin = "listeners: {admin: {authentication: required}}\n";
    Nodes plugins = {{"auth", {SH_SVC_AUTH}, {}, {}, false}, {"gateway", {}, {}, {SH_SVC_AUTH}, true}};
    EXPECT_THAT(said(gateway, plugins),
                HasSubstr("c.yaml:1:37: plugins.gateway.authentication: asks for tokens"));
    EXPECT_THAT(said(admin, plugins),
                HasSubstr("c.yaml:1:37: listeners.admin.authentication: asks for tokens"));
    EXPECT_THAT(said("", plugins, true), HasSubstr("503 to everything, the way back included"));
    EXPECT_EQ(said("", plugins), "");
    plugins[0].enabled = true;
    EXPECT_EQ(said(gateway + admin, plugins, true), "");
    plugins = {{"gateway", {}, {}, {SH_SVC_AUTH}, false}};
    EXPECT_EQ(said(gateway, plugins), "") << "it is off";
}

TEST_F(Contradictions, ASwitchThatShutsTheAdminListenerIsToldInTheSameWords) {
    std::vector<control::PluginView> running(2);
    running[0].name = "auth";
    running[0].provided = {SH_SVC_AUTH};
    running[1].name = "keys";
    running[0].wanted = running[1].wanted = true;
    const auto shut = [&](const control::TogglePlan& plan, bool admin_is_locked) {
        return why_admin_is_shut(*with(""), plan_nodes(running, plan), admin_is_locked);
    };
    const control::TogglePlan both = {.stops = {{"auth", "it requires keys/1"}, {"keys", "switched off"}}};
    const auto why = shut(both, true);
    ASSERT_TRUE(why);
    Nodes off = {{"auth", {SH_SVC_AUTH}, {}, {}, false}};
    EXPECT_EQ(said("", off, true), config::format(*why));
    EXPECT_FALSE(shut(both, false)) << "it asks for no token";
    EXPECT_FALSE(shut({.stops = {{"keys", "switched off"}}}, true));
    running[0].wanted = false;
    EXPECT_TRUE(shut({}, true)) << "it is off already";
}

TEST_F(Contradictions, AGatewayNeedsSessionAndRecoveryToWelcomeAnybody) {
    const auto configuration = with("");
    Nodes plugins = {{"gateway", {}, {}, {}, true},
                     {"session", {SH_SVC_SESSION}, {}, {}, true},
                     {"other", {SH_SVC_RECOVERY}, {}, {}, false}};
    const auto why = why_nobody_is_welcomed(*configuration, plugins);
    ASSERT_TRUE(why);
    EXPECT_EQ(why->problem, "the gateway refuses every hello without recovery");
    plugins[2].enabled = true;
    EXPECT_FALSE(why_nobody_is_welcomed(*configuration, plugins)) << "whatever the provider's name";
    EXPECT_FALSE(why_nobody_is_welcomed(*configuration, {})) << "no gateway";
}

TEST_F(Contradictions, TwoListenersAtOneAddress) {
    const auto said = [&](const std::string& one, const std::string& other) {
        return config::format(shared_addresses(
            *with("listeners:\n  public: {address: '" + one + "'}\n  admin: {address: '" + other + "'}\n")));
    };
    EXPECT_THAT(said("127.0.0.1:8080", "localhost:8080"), HasSubstr(" listens there already\n    next: "));
    EXPECT_NE(said("0.0.0.0:8080", "127.0.0.1:8080"), "");
    EXPECT_NE(said("unix:/run/a", "unix:/run/a"), "");
    EXPECT_EQ(said("127.0.0.1:0", "127.0.0.1:0"), "") << "the system finds two";
    EXPECT_EQ(said("127.0.0.1:8080", "127.0.0.2:8080"), "");
    EXPECT_EQ(said("127.0.0.1:8080", "[::1]:8080"), "");
    EXPECT_EQ(said("127.0.0.1:99999", "127.0.0.1:99999"), "") << "the opening says what is wrong";
}

}  // namespace
}  // namespace streamhost::app
