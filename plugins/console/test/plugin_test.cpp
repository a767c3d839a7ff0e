#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/testing/fake_host.hpp"

#include "console_plugin.hpp"

namespace console {
namespace {

using streamhost::bytes;
using streamhost::view;

struct Route {
    sh_http_route declared{};
    sh_http_handler handler = nullptr;
    void* self = nullptr;
};

// The host's side of ext/http.h: takes routes and asks them.
class ConsolePlugin : public ::testing::Test {
protected:
    ConsolePlugin() {
        routes.clear();
        ext.struct_size = sizeof(ext);
        ext.add_route = [](const sh_host*, const sh_http_route* route, sh_http_handler handler, void* self,
                           sh_handle* out) -> sh_status {
            if (routes.contains(route->path)) return SH_CONFLICT;
            routes[route->path] = {*route, handler, self};
            *out = routes.size();
            return SH_OK;
        };
        host.extend(SH_EXT_HTTP, &ext);
        host.create<Console>();
    }
    ~ConsolePlugin() override { host.destroy(); }

    struct Got {
        std::uint32_t status = 200;
        std::map<std::string, std::string> fields;
        std::string body;
    };
    static Got get(const std::string& path, const std::string& if_none_match = "") {
        sh_http_request request{};
        request.struct_size = sizeof(request);
        request.listener = SH_LISTENER_PUBLIC;
        request.method = bytes("GET");
        request.path = bytes(path);
        request.self = &if_none_match;
        request.header = [](const sh_http_request* asked, const char* name, sh_bytes* out) -> sh_status {
            const auto& value = *static_cast<const std::string*>(asked->self);
            if (std::string_view(name) != "If-None-Match" || value.empty()) return SH_NOT_FOUND;
            *out = bytes(value);
            return SH_OK;
        };
        Got got;
        sh_http_response response{};
        response.struct_size = sizeof(response);
        response.self = &got;
        response.status = [](sh_http_response* to, std::uint32_t code) {
            static_cast<Got*>(to->self)->status = code;
        };
        response.header = [](sh_http_response* to, const char* name, sh_bytes value) {
            static_cast<Got*>(to->self)->fields[name] = view(value);
        };
        response.body = [](sh_http_response* to, sh_bytes part) {
            static_cast<Got*>(to->self)->body += view(part);
        };
        const Route& route = routes.at(path);
        EXPECT_EQ(route.handler(route.self, &request, &response), SH_OK);
        return got;
    }

    inline static std::map<std::string, Route> routes;
    sh_http_ext ext{};
    streamhost::testing::FakeHost host;
};

TEST_F(ConsolePlugin, HasARoutePerFileThatTakesNoBody) {
    ASSERT_EQ(host.configure(), SH_OK);
    ASSERT_EQ(host.start(), SH_OK) << host.error.text;
    for (const char* path : {"/", "/chat.css", "/icon.svg", "/app/main.js", "/fonts/inter.woff2",
                             "/fonts/LICENSE-inter.txt", "/client/index.js", "/client/core/core.js"})
        EXPECT_TRUE(routes.contains(path)) << path;
    for (const char* path :
         {"/console/", "/console/console.css", "/console/app/main.js", "/console/app/theme.js",
          "/console/app/token.js", "/console/base.css", "/console/icon.svg", "/console/fonts/inter.woff2"})
        EXPECT_TRUE(routes.contains(path)) << path;
    for (const auto& [path, route] : routes) {
        const bool is_operators = path.starts_with("/console");
        EXPECT_EQ(route.declared.listeners, is_operators ? SH_LISTENER_ADMIN + 0U : SH_LISTENER_PUBLIC + 0U)
            << path;
        EXPECT_STREQ(route.declared.method, "GET") << path;
        EXPECT_EQ(route.declared.max_body_bytes, 0u) << path;
        EXPECT_FALSE(path.ends_with("*")) << path;
    }
}

TEST_F(ConsolePlugin, AnswersWithTheFileAndThenWithItsTag) {
    ASSERT_EQ(host.configure(), SH_OK);
    ASSERT_EQ(host.start(), SH_OK);
    const Got first = get("/");
    EXPECT_EQ(first.status, 200u);
    EXPECT_TRUE(first.body.starts_with("<!doctype html>"));
    EXPECT_EQ(first.fields.at("Content-Type"), "text/html; charset=utf-8");
    const Got second = get("/", first.fields.at("ETag"));
    EXPECT_EQ(second.status, 304u);
    EXPECT_EQ(second.body, "");
}

TEST_F(ConsolePlugin, LeadsToTheFolderOfTheOperatorsPage) {
    ASSERT_EQ(host.configure(), SH_OK);
    ASSERT_EQ(host.start(), SH_OK);
    const Got got = get("/console");
    EXPECT_EQ(got.status, 308u);
    EXPECT_EQ(got.fields.at("Location"), "/console/");
    EXPECT_TRUE(get("/console/").body.starts_with("<!doctype html>"));
    EXPECT_NE(get("/console/").body, get("/").body);
    EXPECT_EQ(get("/console/app/theme.js").body, get("/app/theme.js").body);
}

TEST_F(ConsolePlugin, ServesOnePageWithoutTheOther) {
    for (const bool is_chat : {true, false}) {
        routes.clear();
        streamhost::testing::FakeHost alone;
        alone.extend(SH_EXT_HTTP, &ext);
        alone.create<Console>();
        streamhost::testing::FakeConfig config;
        config.set("chat_page", is_chat).set("operator_page", !is_chat);
        ASSERT_EQ(alone.configure(config), SH_OK);
        ASSERT_EQ(alone.start(), SH_OK) << alone.error.text;
        EXPECT_EQ(routes.contains("/"), is_chat);
        EXPECT_EQ(routes.contains("/app/theme.js"), is_chat);
        EXPECT_EQ(routes.contains("/console"), !is_chat);
        EXPECT_EQ(routes.contains("/console/app/theme.js"), !is_chat);
        alone.destroy();
    }
}

TEST_F(ConsolePlugin, PutsAFolderBeforeTheBuiltInFiles) {
    streamhost::testing::FakeConfig config;
    config.set("directory", std::string(CONSOLE_WEB_DIRECTORY "/app"));
    ASSERT_EQ(host.configure(config), SH_OK);
    ASSERT_EQ(host.start(), SH_OK) << host.error.text;
    EXPECT_EQ(get("/main.js").body, get("/app/main.js").body);
    EXPECT_EQ(host.configure(config), SH_NEEDS_RESTART);
}

TEST_F(ConsolePlugin, DoesNotStartOnAFolderThatIsNotThere) {
    streamhost::testing::FakeConfig config;
    config.set("directory", std::string("/no/such/folder"));
    ASSERT_EQ(host.configure(config), SH_OK);
    EXPECT_EQ(host.start(), SH_INVALID);
    EXPECT_THAT(host.error.text, ::testing::HasSubstr("/no/such/folder"));
}

TEST_F(ConsolePlugin, DoesNotStartWhenAPathIsTaken) {
    routes["/chat.css"] = {};
    ASSERT_EQ(host.configure(), SH_OK);
    EXPECT_EQ(host.start(), SH_CONFLICT);
    EXPECT_THAT(host.error.text, ::testing::HasSubstr("/chat.css"));
}

}  // namespace
}  // namespace console
