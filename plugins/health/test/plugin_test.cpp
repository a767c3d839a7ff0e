// The plugin on the fake host: routes and the service.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin_fixture.hpp"

namespace health {
namespace {

using streamhost::view;
using ::testing::HasSubstr;
using testing::HealthPluginTest;
using testing::kInterval;
using ::testing::UnorderedElementsAre;

TEST_F(HealthPluginTest, OnlyTwoPathsArePublic) {
    start();
    std::vector<std::string> open_paths;
    std::vector<std::string> admin_paths;
    for (const auto& route : http.routes) {
        EXPECT_EQ(route.method, "GET");
        if ((route.declared.listeners & SH_LISTENER_PUBLIC) != 0) open_paths.push_back(route.path);
        if ((route.declared.listeners & SH_LISTENER_ADMIN) != 0) admin_paths.push_back(route.path);
    }
    EXPECT_THAT(open_paths, UnorderedElementsAre("/health/live", "/health/ready"));
    EXPECT_THAT(admin_paths, UnorderedElementsAre("/health", "/health/live", "/health/ready",
                                                  "/health/startup", "/health/distributed", "/metrics"));
    EXPECT_EQ(get("/health/live", SH_LISTENER_PUBLIC).body, R"({"status":"ok"})");
    EXPECT_EQ(get("/health/ready", SH_LISTENER_PUBLIC).body, R"({"status":"ok"})");
    EXPECT_THAT(get("/health/ready").body, HasSubstr("nodeId"));
}

TEST_F(HealthPluginTest, ADrainTurnsReadinessOffAtOnce) {
    start();
    ASSERT_EQ(get("/health/ready").status, 200u);
    options.phase = "draining";
    host.advance(Watch::kFreshMs);
    const Got got = get("/health/ready", SH_LISTENER_PUBLIC);
    EXPECT_EQ(got.status, 503u);
    EXPECT_EQ(got.headers.at("Cache-Control"), "no-store");
    EXPECT_EQ(get("/health/live", SH_LISTENER_PUBLIC).status, 200u);
    EXPECT_EQ(get("/health/startup").status, 200u);
}

TEST_F(HealthPluginTest, ManyProbesAtOnceCostOneReport) {
    start();
    const int before = reports;
    for (int count = 0; count < 1'000; ++count)
        (void)get("/health/ready", SH_LISTENER_PUBLIC);
    EXPECT_LE(reports, before + 1);
}

TEST_F(HealthPluginTest, AnOlderProviderCountsNothing) {
    session_.struct_size = offsetof(sh_session, count);
    chat_.struct_size = offsetof(sh_chat, active);
    start();
    EXPECT_THAT(get("/health/distributed").body,
                HasSubstr(R"("activeSessions":null,"distributedSessions":null,"activeStreams":null)"));
}

TEST_F(HealthPluginTest, AProviderThatLeavesThemOutCountsNothing) {
    session_.count = nullptr;
    chat_.active = nullptr;
    start();
    EXPECT_THAT(get("/health/distributed").body,
                HasSubstr(R"("activeSessions":null,"distributedSessions":null,"activeStreams":null)"));
}

TEST_F(HealthPluginTest, WithoutTheOtherPluginsItAnswersAllTheSame) {
    host.withdraw(SH_SVC_PUBSUB);
    host.withdraw(SH_SVC_SESSION);
    host.withdraw(SH_SVC_CHAT);
    start();
    host.advance(3 * kInterval);
    const Got got = get("/health/distributed");
    EXPECT_EQ(got.status, 200u);
    EXPECT_THAT(got.body, HasSubstr(R"("topic":{"state":"off")"));
    EXPECT_THAT(got.body, HasSubstr(R"("activeSessions":null)"));
    EXPECT_THAT(got.body, HasSubstr(R"("activeStreams":null)"));
    host.offer(SH_SVC_PUBSUB, &pubsub_, nullptr);
    host.offer(SH_SVC_SESSION, &session_, nullptr);
    host.advance(kInterval);
    EXPECT_THAT(get("/health/distributed").body, HasSubstr(R"("topic":{"state":"ok")"));
    EXPECT_THAT(get("/health/distributed").body, HasSubstr(R"("activeSessions":12)"));
}

TEST_F(HealthPluginTest, MetricsAreServedAsTheyAre) {
    start();
    const Got got = get("/metrics");
    EXPECT_EQ(got.status, 200u);
    EXPECT_EQ(got.headers.at("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(got.body, "# TYPE streamhost_runs_active gauge\nstreamhost_runs_active 6\n");
}

TEST_F(HealthPluginTest, MetricsSayWhatIsSoAtTheScrape) {
    ASSERT_EQ(host.configure(), SH_OK) << host.error.text;
    ASSERT_EQ(host.start(), SH_OK) << host.error.text;
    ASSERT_EQ(get("/metrics").status, 200u);
    EXPECT_EQ(host.metric_values["ready"], 1) << "at once, before the first round";
    options.phase = "draining";
    host.advance(Watch::kFreshMs);
    ASSERT_EQ(get("/metrics").status, 200u);
    EXPECT_EQ(host.metric_values["ready"], 0);
}

TEST_F(HealthPluginTest, OtherPluginsAskTheService) {
    start();
    void* self = nullptr;
    const auto* table = host.provided<sh_health>(SH_SVC_HEALTH, &self);
    ASSERT_NE(table, nullptr);
    for (std::uint32_t kind = SH_PROBE_LIVE; kind <= SH_PROBE_DISTRIBUTED; ++kind) {
        const sh_buffer* body = nullptr;
        EXPECT_EQ(table->probe(self, kind, &body), SH_OK) << kind;
        const auto owned = streamhost::Buffer::adopt(body);
        EXPECT_THAT(std::string(view(owned)), HasSubstr(R"({"status":"ok","nodeId":"n1")"));
    }
    const sh_buffer* body = nullptr;
    EXPECT_EQ(table->probe(self, 0, &body), SH_INVALID);
    EXPECT_EQ(table->probe(self, 6, &body), SH_INVALID);
    EXPECT_EQ(table->probe(self, SH_PROBE_LIVE, nullptr), SH_INVALID);
    options.phase = "stopping";
    host.advance(Watch::kFreshMs);
    EXPECT_EQ(table->probe(self, SH_PROBE_READY, &body), SH_UNAVAILABLE);
    EXPECT_THAT(std::string(view(streamhost::Buffer::adopt(body))), HasSubstr("the node is stopping"));
}

}  // namespace
}  // namespace health
