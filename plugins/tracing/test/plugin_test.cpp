#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/trace.hpp"

#include "fixture.hpp"
#include "tracing_plugin.hpp"

namespace tracing {
namespace {

using streamhost::read_trace;
using streamhost::TraceContext;
using streamhost::testing::FakeConfig;
using streamhost::testing::FakeHost;
using testing::answer;
using testing::FakeCollector;
using ::testing::HasSubstr;

constexpr const char* kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0";

class Plugin : public ::testing::Test {
protected:
    void start() {
        config_.set("endpoint", server_.endpoint());
        fake_.create<TracingPlugin>();
        ASSERT_EQ(fake_.configure(config_), SH_OK) << fake_.error.text;
        ASSERT_EQ(fake_.start(), SH_OK) << fake_.error.text;
        table_ = fake_.provided<sh_tracing>(SH_SVC_TRACING, &self_);
        ASSERT_NE(table_, nullptr);
    }
    std::string refused() {
        fake_.destroy();
        fake_.create<TracingPlugin>();
        return fake_.configure(config_) == SH_OK ? "accepted" : fake_.error.text;
    }
    struct Place {
        TraceContext context;
        std::array<std::uint8_t, 8> parent{};
    };
    Place begin(const std::optional<TraceContext>& parent) {
        Place out;
        sh_trace_context raw{sizeof(raw), 0, {}, {}, {}};
        const sh_trace_context above = parent ? parent->raw() : raw;
        table_->begin(self_, parent ? &above : nullptr, &raw, out.parent.data());
        out.context = TraceContext::copy(raw);
        return out;
    }
    void record(const TraceContext& context) {
        const sh_trace_context raw = context.raw();
        sh_span span{};
        span.struct_size = sizeof(span);
        span.kind = SH_SPAN_SERVER;
        span.context = &raw;
        span.name = streamhost::bytes("hello");
        table_->record(self_, &span);
    }

    FakeCollector server_{{answer(200)}};
    FakeConfig config_;
    FakeHost fake_;
    const sh_tracing* table_ = nullptr;
    void* self_ = nullptr;
};

TEST_F(Plugin, GoesOnWithTheTraceOfItsParent) {
    start();
    const auto parent = read_trace(std::string(kParent) + "1", "a=1");
    const Place place = begin(parent);
    EXPECT_EQ(place.context.trace_id, parent->trace_id);
    EXPECT_NE(place.context.span_id, parent->span_id);
    EXPECT_EQ(place.parent, parent->span_id);
    EXPECT_TRUE(place.context.is_sampled());
    EXPECT_EQ(place.context.state, "a=1");
    EXPECT_FALSE(begin(read_trace(std::string(kParent) + "0")).context.is_sampled())
        << "what a caller does not keep nobody keeps";
}

TEST_F(Plugin, BeginsATraceWithoutAParent) {
    start();
    const Place one = begin({});
    const Place other = begin({});
    EXPECT_NE(one.context.trace_id, other.context.trace_id);
    EXPECT_NE(one.context.span_id, other.context.span_id);
    EXPECT_EQ(one.parent, (std::array<std::uint8_t, 8>{}));
    EXPECT_TRUE(one.context.is_sampled());
}

TEST_F(Plugin, KeepsNothingThatBeginsHereAtARatioOfZero) {
    config_.set("sample_ratio", 0.0);
    start();
    EXPECT_FALSE(begin({}).context.is_sampled());
    EXPECT_TRUE(begin(read_trace(std::string(kParent) + "1")).context.is_sampled());
}

TEST_F(Plugin, DoesNotFollowClientsWhereItIsToldNotTo) {
    config_.set("follow_clients", false);
    start();
    auto parent = read_trace(std::string(kParent) + "1");
    EXPECT_EQ(begin(parent).context.trace_id, parent->trace_id) << "of another node";
    parent->flags |= SH_TRACE_FROM_CLIENT;
    const Place place = begin(parent);
    EXPECT_NE(place.context.trace_id, parent->trace_id);
    EXPECT_EQ(place.parent, (std::array<std::uint8_t, 8>{}));
}

TEST_F(Plugin, SendsWhatIsLeftWhenItStops) {
    config_.set("interval_ms", std::int64_t{600'000});
    start();
    for (int count = 0; count < 3; ++count)
        record(begin({}).context);
    fake_.advance(400);
    EXPECT_TRUE(server_.requests().empty());
    EXPECT_GT(fake_.drain(1'000), 0u);
    fake_.run();
    EXPECT_EQ(fake_.drain(1'000), 0u);
    fake_.stop();
    ASSERT_EQ(server_.requests().size(), 1u);
    EXPECT_THAT(server_.requests()[0], HasSubstr("service.instance.id"));
    EXPECT_EQ(fake_.metric_values.at("tracing_spans_exported_total"), 3);
    EXPECT_EQ(fake_.metric_values.at("tracing_spans_dropped_total{reason=stopped}"), 0);
}

TEST_F(Plugin, DropsWhatIsTooMuchAndCountsIt) {
    config_.set("queue_size", std::int64_t{2}).set("batch_size", std::int64_t{2});
    start();
    for (int count = 0; count < 5; ++count)
        record(begin({}).context);
    EXPECT_EQ(fake_.metric_values.at("tracing_spans_dropped_total{reason=queue_full}"), 3);
    fake_.stop();
    EXPECT_EQ(fake_.metric_values.at("tracing_spans_dropped_total{reason=stopped}"), 2);
}

TEST_F(Plugin, RefusesWhatItCannotUse) {
    config_.set("endpoint", "otel:4318");
    EXPECT_THAT(refused(), HasSubstr("plugins.tracing.endpoint"));
    config_.set("endpoint", "http://otel:4318").set("headers_file", "/nowhere");
    EXPECT_THAT(refused(), HasSubstr("plugins.tracing.headers_file cannot be read: /nowhere"));
    config_.set("headers_file", "").set("resource_attributes.0", "no sign");
    EXPECT_THAT(refused(), HasSubstr("plugins.tracing.resource_attributes.0"));
    config_.set("resource_attributes.0", "a=1").set("batch_size", std::int64_t{4'096});
    EXPECT_THAT(refused(), HasSubstr("batch_size"));
    config_.set("batch_size", std::int64_t{10});
    EXPECT_EQ(refused(), "accepted");
}

}  // namespace
}  // namespace tracing
