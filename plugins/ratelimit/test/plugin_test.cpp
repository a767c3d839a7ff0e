// The plugin on the fake host, with a store that another node uses, too.
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/testing/fake_host.hpp"
#include "streamhost/testing/fake_http.hpp"

#include "fixture.hpp"
#include "ratelimit_plugin.hpp"

namespace ratelimit {
namespace {

using namespace ratelimit::testing;
using streamhost::bytes;
using streamhost::Host;
using streamhost::view;
using streamhost::testing::FakeConfig;
using streamhost::testing::FakeHost;
using streamhost::testing::FakeHttp;
using ::testing::HasSubstr;

// The C functions of its table get the host only.
class FakeStore {
public:
    explicit FakeStore(FakeHost& host) : host_(host) {
        current = this;
        table_.struct_size = sizeof(table_);
        table_.set_events = [](const sh_host*, const sh_store_events* with) -> sh_status {
            current->events = *with;
            return SH_OK;
        };
        table_.rate_take = [](const sh_host*, sh_bytes key, std::uint64_t interval_ns, std::uint32_t burst,
                              std::uint32_t want, std::uint64_t token) -> sh_status {
            const Rate rate{static_cast<std::int64_t>(interval_ns), burst};
            return current->asked(std::string(view(key)), rate, want, token);
        };
        table_.node_list = [](const sh_host* raw, std::uint64_t token) -> sh_status {
            ++current->looks;
            if (!current->is_up) return current->answer(token, Host::make_result(SH_UNAVAILABLE));
            const sh_bytes piece = bytes(std::string_view(R"([{"node":"a"},{"node":"b"}])"));
            const auto* async = static_cast<const sh_async_ext*>(raw->extension(raw, SH_EXT_ASYNC));
            const auto body = streamhost::Buffer::adopt(async->make_buffer(raw, &piece, 1));
            sh_result result = Host::make_result(SH_OK);
            result.body = body.get();
            return current->answer(token, result);
        };
        host.extend(SH_EXT_STORE, &table_);
    }

    // What others take.
    void drain(const std::string& key, const Rate& rate) {
        Gcra& cell = buckets[key];
        while (cell.wait_ns(rate, 1, now_ns()) == 0)
            cell.take(rate, 1, now_ns());
    }
    void answer_held() {
        for (const std::uint64_t token : std::exchange(held, {}))
            answer(token, Host::make_result(SH_TIMEOUT));
    }

    static FakeStore* current;
    sh_store_events events{};
    std::map<std::string, Gcra> buckets;
    std::vector<std::uint64_t> held;  // what is not answered
    bool is_up = true;
    bool is_slow = false;
    int looks = 0;
    int questions = 0;
    sh_store_ext table_{};

private:
    [[nodiscard]] std::int64_t now_ns() const { return host_.now_ms() * kMs; }
    sh_status answer(std::uint64_t token, const sh_result& result) {
        host_.answer(token, result);
        return SH_OK;
    }
    sh_status asked(const std::string& key, const Rate& rate, std::uint32_t want, std::uint64_t token) {
        ++questions;
        if (is_slow) {
            held.push_back(token);
            return SH_OK;
        }
        if (!is_up) return answer(token, Host::make_result(SH_UNAVAILABLE));
        if (want == 0) buckets.erase(key);
        Gcra& cell = buckets[key];
        sh_result result = Host::make_result(SH_OK);
        for (; result.count < want && cell.wait_ns(rate, 1, now_ns()) == 0; ++result.count)
            cell.take(rate, 1, now_ns());
        if (result.count < want) result.wait_ms = (cell.wait_ns(rate, 1, now_ns()) + kMs - 1) / kMs;
        return answer(token, result);
    }

    FakeHost& host_;
};
FakeStore* FakeStore::current = nullptr;

class RateLimitPluginTest : public ::testing::Test {
protected:
    RateLimitPluginTest() { host.create<RateLimitPlugin>(); }
    ~RateLimitPluginTest() override { host.destroy(); }

    static void add(FakeConfig& config, int index, const char* by, const char* rate, std::int64_t burst,
                    const char* scope) {
        const std::string at = "limits." + std::to_string(index);
        config.set(at + ".by", by)
            .set(at + ".rate", rate)
            .set(at + ".burst", burst)
            .set(at + ".scope", scope);
    }
    void start(const FakeConfig& config) {
        ASSERT_EQ(host.configure(config), SH_OK) << host.error.text;
        ASSERT_EQ(host.start(), SH_OK) << host.error.text;
        host.run();
        table = host.provided<sh_ratelimit>(SH_SVC_RATELIMIT, &self);
        ASSERT_NE(table, nullptr);
    }
    void start_one(const char* scope) {
        FakeConfig config;
        add(config, 0, "user", "10/second", 20, scope);
        start(config);
    }
    std::int64_t take(std::string_view user, std::uint32_t verb = SH_RATE_SEND) {
        const sh_rate_subject subject{sizeof(subject), verb, bytes("192.0.2.1"), bytes(user), {}};
        return table->take(self, &subject, 1);
    }
    int takes(std::string_view user, int tries) {
        int taken = 0;
        for (int count = 0; count < tries; ++count) {
            taken += take(user) == 0 ? 1 : 0;
            host.run();
        }
        return taken;
    }
    double metric(const std::string& name) { return host.metric_values.at(name); }

    FakeHost host;
    FakeStore store{host};
    FakeHttp http{host};
    const sh_ratelimit* table = nullptr;
    void* self = nullptr;
};

TEST_F(RateLimitPluginTest, LimitsAndCounts) {
    start_one("local");
    EXPECT_EQ(takes("ann", 25), 20);
    EXPECT_EQ(take("ann"), 100);
    EXPECT_EQ(take("bob"), 0);
    host.advance(1'000);
    EXPECT_EQ(metric("ratelimit_total{verb=send,by=none,result=allowed}"), 21);
    EXPECT_EQ(metric("ratelimit_total{verb=send,by=user,result=limited}"), 6);
    EXPECT_GE(metric("ratelimit_buckets"), 1) << "bob's is full again, and goes when the sweep comes to it";
    EXPECT_EQ(store.questions, 0);
    EXPECT_EQ(store.looks, 0) << "without shared limits the store is left in peace";
    host.advance(10'000);
    EXPECT_EQ(metric("ratelimit_buckets"), 0);
}

TEST_F(RateLimitPluginTest, CountsConnections) {
    FakeConfig config;
    config.set("connections.per_address", std::int64_t{1})
        .set("connections.retry_after_ms", std::int64_t{900});
    start(config);
    EXPECT_EQ(table->enter(self, bytes("192.0.2.1"), {}), 0);
    EXPECT_EQ(table->enter(self, bytes("192.0.2.1"), {}), 900);
    table->leave(self, bytes("192.0.2.1"), {});
    EXPECT_EQ(table->enter(self, bytes("192.0.2.1"), bytes("ann")), 0);
    host.advance(1'000);
    EXPECT_EQ(metric("ratelimit_connections"), 1);
    EXPECT_EQ(metric("ratelimit_connections_refused_total{by=address}"), 1);
}

TEST_F(RateLimitPluginTest, EachInstanceSaysThatItIsAnother) {
    start_one("local");
    const std::uint64_t epoch = table->epoch(self);
    EXPECT_NE(epoch, 0u);
    EXPECT_EQ(table->epoch(self), epoch);
    FakeHost second;
    FakeStore its_store(second);
    FakeHttp its_routes(second);
    second.create<RateLimitPlugin>();
    ASSERT_EQ(second.configure(FakeConfig()), SH_OK) << second.error.text;
    ASSERT_EQ(second.start(), SH_OK) << second.error.text;
    void* other = nullptr;
    const auto* its_table = second.provided<sh_ratelimit>(SH_SVC_RATELIMIT, &other);
    EXPECT_NE(its_table->epoch(other), epoch);
    second.destroy();
}

TEST_F(RateLimitPluginTest, ASharedLimitIsTakenFromTheStoreInBatches) {
    start_one("global");
    EXPECT_EQ(takes("ann", 100), 20);
    EXPECT_LT(store.questions, 20);
    EXPECT_EQ(store.buckets.size(), 1u);
    EXPECT_EQ(store.buckets.begin()->first, "user:126:100000000:20:ann");
    EXPECT_GT(take("ann"), 0);
    host.advance(1'000);
    EXPECT_GE(takes("ann", 100), 9);
    EXPECT_EQ(metric("ratelimit_store_fallbacks_total"), 0);
    EXPECT_GT(metric("ratelimit_store_asks_total{result=answered}"), 0);
}

TEST_F(RateLimitPluginTest, WhatOthersTookCountsHereAndTheDebtIsPaidWithoutATaker) {
    start_one("global");
    store.drain("user:126:100000000:20:ann", per_second(10, 20));
    EXPECT_EQ(takes("ann", 100), 1);  // on credit, until the first answer
    EXPECT_GE(take("ann"), 100);
    const int before = store.questions;
    host.advance(2'000);
    EXPECT_GT(store.questions, before);
    EXPECT_GE(takes("ann", 100), 5);
}

TEST_F(RateLimitPluginTest, WithoutTheStoreTheShareDecidesAndHealthSaysSo) {
    start_one("global");
    host.advance(2'100);  // the look at the nodes: there are two
    store.is_up = false;
    store.events.link(store.events.self, 0, 1);
    host.advance(100);
    EXPECT_EQ(host.health.at("shared_limits"), SH_HEALTH_DEGRADED);
    EXPECT_EQ(metric("ratelimit_store_away"), 1);
    const int asked = store.questions;
    EXPECT_EQ(takes("ann", 100), 10);
    EXPECT_EQ(store.questions, asked);
    EXPECT_EQ(metric("ratelimit_store_fallbacks_total"), 10);
    store.is_up = true;
    host.advance(3'000);
    EXPECT_EQ(host.health.at("shared_limits"), SH_HEALTH_OK);
    EXPECT_EQ(metric("ratelimit_store_away"), 0);
    EXPECT_GT(takes("bob", 100), 10);
}

TEST_F(RateLimitPluginTest, AFailedQuestionIsEnoughToKnow) {
    start_one("global");
    store.is_up = false;
    EXPECT_EQ(take("ann"), 0);
    host.run();
    host.advance(100);
    EXPECT_EQ(host.health.at("shared_limits"), SH_HEALTH_DEGRADED);
    EXPECT_EQ(metric("ratelimit_store_asks_total{result=failed}"), 1);
    store.is_up = true;
    host.advance(5'000);
    EXPECT_EQ(host.health.at("shared_limits"), SH_HEALTH_OK);
    ASSERT_EQ(store.buckets.size(), 1u) << "what was let pass on credit is paid for";
}

TEST_F(RateLimitPluginTest, ASlowStoreDelaysNobodyForLong) {
    start_one("global");
    store.is_slow = true;
    EXPECT_EQ(takes("ann", 100), 5);
    EXPECT_EQ(take("ann"), 50);
    host.advance(250);
    EXPECT_GE(takes("ann", 100), 10);
    EXPECT_GE(metric("ratelimit_store_fallbacks_total"), 10);
    store.is_slow = false;
    store.answer_held();
    host.advance(5'000);
    EXPECT_EQ(host.health.at("shared_limits"), SH_HEALTH_OK);
}

TEST_F(RateLimitPluginTest, TakesAnotherSectionWhileItRuns) {
    start_one("local");
    EXPECT_EQ(takes("ann", 15), 15);
    FakeConfig both;
    add(both, 0, "user", "10/second", 20, "local");
    add(both, 1, "node", "1/second", 100, "local");
    ASSERT_EQ(host.configure(both), SH_OK) << host.error.text;
    EXPECT_EQ(takes("ann", 100), 5) << "what was taken stays taken";
    FakeConfig wider;
    wider.set("prefixes.ipv6", std::int64_t{56});
    EXPECT_EQ(host.configure(wider), SH_NEEDS_RESTART);
    FakeConfig broken;
    add(broken, 0, "user", "many", 20, "local");
    EXPECT_EQ(host.configure(broken), SH_INVALID);
    EXPECT_GT(take("ann"), 0);
}

TEST_F(RateLimitPluginTest, AnOlderHostHasNoSharedLimits) {
    store.table_.struct_size = static_cast<std::uint32_t>(offsetof(sh_store_ext, rate_take));
    FakeConfig config;
    add(config, 0, "user", "10/second", 20, "global");
    EXPECT_EQ(host.configure(config), SH_UNSUPPORTED);
    FakeConfig without;
    add(without, 0, "user", "10/second", 20, "local");
    EXPECT_EQ(host.configure(without), SH_OK);
}

TEST_F(RateLimitPluginTest, OperatorsLookAndForget) {
    start_one("global");
    EXPECT_EQ(takes("ann", 100), 20);
    const auto seen = http.ask({.path = "/admin/v1/ratelimit", .listener = SH_LISTENER_ADMIN});
    EXPECT_EQ(seen.status, 200u);
    EXPECT_THAT(seen.body, HasSubstr(R"({"by":"user","key":"ann","refused":80)"));
    EXPECT_EQ(http.get("/admin/v1/ratelimit").status, 404u) << "the public listener has no such thing";
    const auto gone =
        http.ask({.method = "DELETE", .path = "/admin/v1/ratelimit/user/ann", .listener = SH_LISTENER_ADMIN});
    EXPECT_EQ(gone.status, 200u);
    EXPECT_EQ(gone.body, R"({"forgotten":true})");
    host.run();
    EXPECT_EQ(takes("ann", 100), 20);
    const auto unknown =
        http.ask({.method = "DELETE", .path = "/admin/v1/ratelimit/planet/x", .listener = SH_LISTENER_ADMIN});
    EXPECT_EQ(unknown.status, 500u);  // the fake's word for a Failure; its text is for whoever asked
    EXPECT_THAT(unknown.body, HasSubstr("forgets what was counted"));
}

TEST(CountNodes, IsOneAtTheLeast) {
    EXPECT_EQ(count_nodes(R"([{"node":"a"},{"node":"b"},{"node":"c"}])"), 3u);
    EXPECT_EQ(count_nodes("[]"), 1u);
    EXPECT_EQ(count_nodes("{}"), 1u);
    EXPECT_EQ(count_nodes(""), 1u);
}

}  // namespace
}  // namespace ratelimit
