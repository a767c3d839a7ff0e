#include "app/admin_lock.hpp"

#include <gtest/gtest.h>

#include "control/service_registry.hpp"

namespace streamhost::app {
namespace {

bridge::HttpQuestion get(const std::string& path) {
    bridge::HttpQuestion question;
    question.method = "GET";
    question.path = path;
    return question;
}

TEST(AdminArea, IsWhatACallDoes) {
    EXPECT_EQ(admin_area("GET", "/metrics"), "metrics");
    EXPECT_EQ(admin_area("GET", "/admin/v1/config"), "view");
    EXPECT_EQ(admin_area("HEAD", "/anything"), "view");
    EXPECT_EQ(admin_area("POST", "/admin/v1/plugins/chat"), "change");
    EXPECT_EQ(admin_area("DELETE", "/metrics"), "change");
    for (const char* path : {"/health", "/health/live", "/health/ready"})
        EXPECT_EQ(admin_area("GET", path), "") << path;
    EXPECT_EQ(admin_area("POST", "/health"), "change");
    EXPECT_EQ(admin_area("GET", "/healthy"), "view");
    for (const char* path : {"/console", "/console/", "/console/app/main.js"})
        EXPECT_EQ(admin_area("GET", path), "") << path;
    EXPECT_EQ(admin_area("POST", "/console/"), "change");
    EXPECT_EQ(admin_area("GET", "/consoles"), "view");
}

TEST(AdminLock, LetsEverybodyInWhereNoTokenIsNeeded) {
    std::string user;
    EXPECT_FALSE(AdminLock(nullptr, {}).refusal(get("/admin/v1/config"), user));
}

TEST(AdminLock, TellsWhatMayBeDone) {
    const auto open = AdminLock(nullptr, {}).access(get("/admin/v1/access"));
    EXPECT_EQ(open.status, 200U);
    EXPECT_EQ(open.body, R"({"authentication":"none","user":"",)"
                         R"("grants":{"metrics":true,"view":true,"change":true}})");
    const sh_lease nobody;
    const AdminLock lock(&nobody, {.needs_token = true});
    EXPECT_EQ(lock.access(get("/admin/v1/access")).status, 401U);
    auto question = get("/admin/v1/access");
    question.headers.emplace_back("Authorization", "Bearer a.b.c");
    EXPECT_EQ(lock.access(question).status, 503U) << "nobody can judge it";
}

TEST(AdminLock, AnswersNothingButHealthWithoutAToken) {
    const sh_lease nobody;
    const AdminLock lock(&nobody, {.needs_token = true});
    std::string user;
    EXPECT_FALSE(lock.refusal(get("/health/ready"), user));
    const auto refused = lock.refusal(get("/metrics"), user);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 401U);
    EXPECT_EQ(refused->headers.back().second, "Bearer");
}

TEST(AdminLock, RefusesTwoTokens) {
    const sh_lease nobody;
    const AdminLock lock(&nobody, {.needs_token = true});
    auto question = get("/admin/v1/config");
    question.headers.emplace_back("Authorization", "Bearer a.b.c");
    question.headers.emplace_back("authorization", "Bearer a.b.c");
    std::string user;
    const auto refused = lock.refusal(question, user);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 400U);
}

TEST(AdminLock, MayLeaveMetricsOpen) {
    const sh_lease nobody;
    const AdminLock lock(&nobody, {.needs_token = true, .open_metrics = true});
    std::string user;
    EXPECT_FALSE(lock.refusal(get("/metrics"), user));
    EXPECT_TRUE(lock.refusal(get("/admin/v1/node"), user));
}

TEST(AdminLock, IsShutWhileNobodyCanJudge) {
    const sh_lease nobody;
    const AdminLock lock(&nobody, {.needs_token = true});
    auto question = get("/metrics");
    question.headers.emplace_back("Authorization", "Bearer a.b.c");
    std::string user;
    const auto refused = lock.refusal(question, user);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503U);
}

}  // namespace
}  // namespace streamhost::app
