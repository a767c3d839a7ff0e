#include <algorithm>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/testing/fake_host.hpp"
#include "streamhost/testing/fake_http.hpp"

#include "console_plugin.hpp"

namespace console {
namespace {

using streamhost::testing::FakeConfig;
using streamhost::testing::FakeHost;
using streamhost::testing::FakeHttp;

class ConsolePlugin : public ::testing::Test {
protected:
    ConsolePlugin() { host.create<Console>(); }
    ~ConsolePlugin() override { host.destroy(); }

    static bool serves(const FakeHttp& of, std::string_view path) {
        return std::any_of(of.routes.begin(), of.routes.end(),
                           [path](const FakeHttp::Route& route) { return route.path == path; });
    }
    FakeHttp::Response get(const std::string& path, const std::string& if_none_match = "") {
        FakeHttp::Request request;
        request.path = path;
        if (path.starts_with("/console")) request.listener = SH_LISTENER_ADMIN;
        if (!if_none_match.empty()) request.headers["If-None-Match"] = if_none_match;
        return http.ask(request);
    }

    FakeHost host;
    FakeHttp http{host};
};

TEST_F(ConsolePlugin, HasARoutePerFileThatTakesNoBody) {
    ASSERT_EQ(host.configure(), SH_OK);
    ASSERT_EQ(host.start(), SH_OK) << host.error.text;
    for (const char* path : {"/", "/chat.css", "/icon.svg", "/app/main.js", "/fonts/inter.woff2",
                             "/fonts/LICENSE-inter.txt", "/client/index.js", "/client/core/core.js"})
        EXPECT_TRUE(serves(http, path)) << path;
    for (const char* path :
         {"/console/", "/console/console.css", "/console/app/main.js", "/console/app/theme.js",
          "/console/app/token.js", "/console/base.css", "/console/icon.svg", "/console/fonts/inter.woff2"})
        EXPECT_TRUE(serves(http, path)) << path;
    for (const FakeHttp::Route& route : http.routes) {
        const std::string& path = route.path;
        const bool is_operators = path.starts_with("/console");
        EXPECT_EQ(route.declared.listeners, is_operators ? SH_LISTENER_ADMIN + 0U : SH_LISTENER_PUBLIC + 0U)
            << path;
        EXPECT_EQ(route.method, "GET") << path;
        EXPECT_EQ(route.declared.max_body_bytes, 0u) << path;
        EXPECT_FALSE(path.ends_with("*")) << path;
    }
}

TEST_F(ConsolePlugin, AnswersWithTheFileAndThenWithItsTag) {
    ASSERT_EQ(host.configure(), SH_OK);
    ASSERT_EQ(host.start(), SH_OK);
    const auto first = get("/");
    EXPECT_EQ(first.status, 200u);
    EXPECT_TRUE(first.body.starts_with("<!doctype html>"));
    EXPECT_EQ(first.headers.at("Content-Type"), "text/html; charset=utf-8");
    const auto second = get("/", first.headers.at("ETag"));
    EXPECT_EQ(second.status, 304u);
    EXPECT_EQ(second.body, "");
}

TEST_F(ConsolePlugin, LeadsToTheFolderOfTheOperatorsPage) {
    ASSERT_EQ(host.configure(), SH_OK);
    ASSERT_EQ(host.start(), SH_OK);
    const auto got = get("/console");
    EXPECT_EQ(got.status, 308u);
    EXPECT_EQ(got.headers.at("Location"), "/console/");
    EXPECT_TRUE(get("/console/").body.starts_with("<!doctype html>"));
    EXPECT_NE(get("/console/").body, get("/").body);
    EXPECT_EQ(get("/console/app/theme.js").body, get("/app/theme.js").body);
}

TEST_F(ConsolePlugin, ServesOnePageWithoutTheOther) {
    for (const bool is_chat : {true, false}) {
        FakeHost alone;
        const FakeHttp its(alone);
        alone.create<Console>();
        FakeConfig config;
        config.set("chat_page", is_chat).set("operator_page", !is_chat);
        ASSERT_EQ(alone.configure(config), SH_OK);
        ASSERT_EQ(alone.start(), SH_OK) << alone.error.text;
        EXPECT_EQ(serves(its, "/"), is_chat);
        EXPECT_EQ(serves(its, "/app/theme.js"), is_chat);
        EXPECT_EQ(serves(its, "/console"), !is_chat);
        EXPECT_EQ(serves(its, "/console/app/theme.js"), !is_chat);
        alone.destroy();
    }
}

TEST_F(ConsolePlugin, PutsAFolderBeforeTheBuiltInFiles) {
    FakeConfig config;
    config.set("directory", std::string(CONSOLE_WEB_DIRECTORY "/app"));
    ASSERT_EQ(host.configure(config), SH_OK);
    ASSERT_EQ(host.start(), SH_OK) << host.error.text;
    EXPECT_EQ(get("/main.js").body, get("/app/main.js").body);
    EXPECT_EQ(host.configure(config), SH_NEEDS_RESTART);
}

TEST_F(ConsolePlugin, DoesNotStartOnAFolderThatIsNotThere) {
    FakeConfig config;
    config.set("directory", std::string("/no/such/folder"));
    ASSERT_EQ(host.configure(config), SH_OK);
    EXPECT_EQ(host.start(), SH_INVALID);
    EXPECT_THAT(host.error.text, ::testing::HasSubstr("/no/such/folder"));
}

TEST_F(ConsolePlugin, DoesNotStartWhenAPathIsTaken) {
    http.routes.push_back({.method = "GET", .path = "/chat.css"});
    ASSERT_EQ(host.configure(), SH_OK);
    EXPECT_EQ(host.start(), SH_CONFLICT);
    EXPECT_THAT(host.error.text, ::testing::HasSubstr("/chat.css"));
}

}  // namespace
}  // namespace console
