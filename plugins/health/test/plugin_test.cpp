// The plugin on the fake host: routes, the canary's rounds, the service.
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/testing/fake_host.hpp"

#include "health_plugin.hpp"
#include "report.hpp"

namespace health {
namespace {

using streamhost::bytes;
using streamhost::Host;
using streamhost::view;
using streamhost::testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kInterval = 5'000;

struct Route {
    std::uint32_t listeners = 0;
    std::string method;
    sh_http_handler handler = nullptr;
    void* self = nullptr;
};

class HealthPluginTest : public ::testing::Test {
protected:
    HealthPluginTest() {
        current = this;
        http_.struct_size = sizeof(http_);
        http_.add_route = [](const sh_host*, const sh_http_route* route, sh_http_handler handler, void* with,
                             sh_handle* out) -> sh_status {
            current->routes[route->path] = {route->listeners, route->method, handler, with};
            *out = current->routes.size();
            return SH_OK;
        };
        store_.struct_size = sizeof(store_);
        store_.key_set = [](const sh_host* raw, sh_bytes name, sh_bytes, std::int64_t ttl_ms, std::uint32_t,
                            sh_bytes, std::uint64_t token) -> sh_status {
            current->key = view(name);
            EXPECT_GT(ttl_ms, 0) << "no key may stay for ever";
            if (current->store_refuses) return SH_BUSY;
            if (current->store_fails_late) {
                if (current->late != 0)
                    FakeHost::of(raw).answer(current->late, Host::make_result(SH_UNAVAILABLE));
                current->late = token;
                return SH_OK;
            }
            if (current->store_answers) FakeHost::of(raw).answer(token, Host::make_result(SH_OK));
            return SH_OK;
        };
        node_ = *static_cast<const sh_node_ext*>(host.raw()->extension(host.raw(), SH_EXT_NODE));
        node_.report = [](const sh_host* raw) {
            ++current->reports;
            return text(raw, testing::report(current->options));
        };
        node_.metrics_text = [](const sh_host* raw) {
            return text(raw, "# TYPE streamhost_runs_active gauge\nstreamhost_runs_active 6\n");
        };
        pubsub_.struct_size = sizeof(pubsub_);
        pubsub_.subscribe = [](void*, sh_bytes, std::uint8_t, const sh_lease* events, sh_ticket ticket) {
            current->subscriber = events;
            current->complete(ticket, Host::make_result(SH_OK));
        };
        pubsub_.publish = [](void*, sh_bytes topic, sh_bytes payload, sh_ticket ticket) {
            current->complete(ticket, Host::make_result(SH_OK));
            if (current->topics_deliver)
                current->deliver(std::string(view(topic)), std::string(view(payload)));
        };
        session_.struct_size = sizeof(session_);
        session_.count = [](void*, sh_ticket ticket) {
            sh_result result = Host::make_result(SH_OK);
            result.count = 40;
            result.last = 12;
            current->complete(ticket, result);
        };
        chat_.struct_size = sizeof(chat_);
        chat_.active = [](void*) -> std::uint64_t { return 6; };
        host.extend(SH_EXT_HTTP, &http_);
        host.extend(SH_EXT_STORE, &store_);
        host.extend(SH_EXT_NODE, &node_);
        host.offer(SH_SVC_PUBSUB, &pubsub_, nullptr);
        host.offer(SH_SVC_SESSION, &session_, nullptr);
        host.offer(SH_SVC_CHAT, &chat_, nullptr);
        host.create<HealthPlugin>();
    }
    ~HealthPluginTest() override { host.destroy(); }

    void start() {
        ASSERT_EQ(host.configure(), SH_OK) << host.error.text;
        ASSERT_EQ(host.start(), SH_OK) << host.error.text;
        host.advance(kInterval);
    }
    struct Got {
        std::uint32_t status = 200;
        std::map<std::string, std::string> fields;
        std::string body;
    };
    Got get(const std::string& path, std::uint32_t listener = SH_LISTENER_ADMIN) {
        sh_http_request request{};
        request.struct_size = sizeof(request);
        request.listener = listener;
        request.method = bytes("GET");
        request.path = bytes(path);
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
        EXPECT_NE(route.listeners & listener, 0u);
        EXPECT_EQ(route.handler(route.self, &request, &response), SH_OK);
        return got;
    }

    static const sh_buffer* text(const sh_host* raw, const std::string& content) {
        const sh_bytes piece = bytes(content);
        return static_cast<const sh_async_ext*>(raw->extension(raw, SH_EXT_ASYNC))
            ->make_buffer(raw, &piece, 1);
    }
    void complete(sh_ticket ticket, const sh_result& result) const {
        const sh_host* raw = host.raw();
        static_cast<const sh_async_ext*>(raw->extension(raw, SH_EXT_ASYNC))->complete(raw, ticket, &result);
    }
    void deliver(const std::string& topic, const std::string& payload) {
        host.post(SH_ON_STORE, [this, topic, payload] {
            const sh_host* raw = host.raw();
            const streamhost::Lease<sh_topic_events> lease(
                static_cast<const sh_service_ext*>(raw->extension(raw, SH_EXT_SERVICE)), subscriber);
            EXPECT_EQ(lease.call([&](const sh_topic_events& events, void* self) {
                events.message(self, bytes(topic), bytes(payload));
            }),
                      SH_OK);
        });
    }

    inline static HealthPluginTest* current = nullptr;
    std::map<std::string, Route> routes;
    testing::ReportOptions options;
    std::string key;
    int reports = 0;
    bool store_answers = true;
    bool store_fails_late = false;
    std::uint64_t late = 0;  // token of the write that is still to be answered
    bool store_refuses = false;
    bool topics_deliver = true;
    const sh_lease* subscriber = nullptr;
    sh_http_ext http_{};
    sh_store_ext store_{};
    sh_node_ext node_{};
    sh_pubsub pubsub_{};
    sh_session session_{};
    sh_chat chat_{};
    FakeHost host;
};

TEST_F(HealthPluginTest, OnlyTwoPathsArePublic) {
    start();
    std::vector<std::string> open_paths;
    std::vector<std::string> admin_paths;
    for (const auto& [path, route] : routes) {
        EXPECT_EQ(route.method, "GET");
        if ((route.listeners & SH_LISTENER_PUBLIC) != 0) open_paths.push_back(path);
        if ((route.listeners & SH_LISTENER_ADMIN) != 0) admin_paths.push_back(path);
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
    EXPECT_EQ(got.fields.at("Cache-Control"), "no-store");
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

TEST_F(HealthPluginTest, TheCanaryComesBack) {
    start();
    EXPECT_THAT(key, HasSubstr("node-test")) << "nodes of one store must not meet";
    const Got got = get("/health/distributed");
    EXPECT_EQ(got.status, 200u);
    EXPECT_THAT(got.body, HasSubstr(R"("canary":{"store":{"state":"ok","latency_ms":0)"));
    EXPECT_THAT(got.body, HasSubstr(R"("topic":{"state":"ok","latency_ms":0)"));
    EXPECT_THAT(got.body, HasSubstr(R"("activeSessions":12,"distributedSessions":40,"activeStreams":6)"));
}

TEST_F(HealthPluginTest, AStoreThatDoesNotAnswerDegradesAndTakesNobodyOut) {
    store_answers = false;
    start();
    host.advance(2 * kInterval + 1);
    EXPECT_EQ(get("/health/ready", SH_LISTENER_PUBLIC).body, R"({"status":"degraded"})");
    EXPECT_EQ(get("/health/ready", SH_LISTENER_PUBLIC).status, 200u);
    EXPECT_EQ(get("/health/distributed").status, 503u);
    EXPECT_EQ((host.metric_values["canary_failures_total{probe=store}"]), 2);
    EXPECT_EQ(host.metric_values["degraded"], 1);
    EXPECT_EQ(host.metric_values["ready"], 1);
    store_answers = true;
    host.advance(2 * kInterval);
    EXPECT_EQ(get("/health/ready", SH_LISTENER_PUBLIC).body, R"({"status":"ok"})");
    EXPECT_EQ(host.metric_values["degraded"], 0);
}

TEST_F(HealthPluginTest, AFailureIsCountedOnceHoweverLateItIsTold) {
    store_fails_late = true;
    start();
    host.advance(3 * kInterval);
    EXPECT_THAT(get("/health").body, HasSubstr(R"("failures":3)"));
    EXPECT_EQ((host.metric_values["canary_failures_total{probe=store}"]), 3);
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

TEST_F(HealthPluginTest, AStoreThatTakesNoCommandFailsTheProbeToo) {
    store_refuses = true;
    start();
    host.advance(kInterval + 1);
    EXPECT_THAT(get("/health").body, HasSubstr(R"("canary":{"store":{"state":"failing")"));
}

TEST_F(HealthPluginTest, AMessageThatIsLostOnTheWayIsNoticed) {
    topics_deliver = false;
    start();
    host.advance(2 * kInterval + 1);
    EXPECT_THAT(get("/health").body, HasSubstr("a message to ourselves does not come back"));
    topics_deliver = true;
    host.advance(kInterval + 1);
    EXPECT_THAT(get("/health").body, HasSubstr(R"("topic":{"state":"ok")"));
}

TEST_F(HealthPluginTest, AForeignMessageOnTheTopicIsIgnored) {
    topics_deliver = false;
    start();
    deliver("t", "not a number");
    deliver("t", "999999");
    deliver("t", "");
    host.run();
    EXPECT_THAT(get("/health").body, HasSubstr(R"("topic":{"state":"unknown")"));
    EXPECT_TRUE(host.lines.empty());
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
    EXPECT_EQ(got.fields.at("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(got.body, "# TYPE streamhost_runs_active gauge\nstreamhost_runs_active 6\n");
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
