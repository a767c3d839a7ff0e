#include "streamhost/trace.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "streamhost/plugin.hpp"
#include "streamhost/testing/fake_host.hpp"
#include "streamhost/testing/fake_tracing.hpp"

namespace streamhost {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpan = "00f067aa0ba902b7";

TEST(TraceParent, IsReadAndWrittenTheSame) {
    const std::string text = "00-" + kTrace + "-" + kSpan + "-01";
    const auto read = read_trace(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(hex_of(read->trace_id), kTrace);
    EXPECT_EQ(hex_of(read->span_id), kSpan);
    EXPECT_TRUE(read->is_sampled());
    EXPECT_EQ(read->parent_text(), text);
    EXPECT_FALSE(read_trace("00-" + kTrace + "-" + kSpan + "-00")->is_sampled());
}

TEST(TraceParent, KeepsTheFlagsThatItKnowsAlone) {
    EXPECT_EQ(read_trace("00-" + kTrace + "-" + kSpan + "-ff")->parent_text(),
              "00-" + kTrace + "-" + kSpan + "-03");
}

TEST(TraceParent, OfANewerVersionIsReadAsFarAsItIsKnown) {
    EXPECT_TRUE(read_trace("01-" + kTrace + "-" + kSpan + "-01"));
    EXPECT_TRUE(read_trace("cc-" + kTrace + "-" + kSpan + "-01-what-comes-then"));
    EXPECT_FALSE(read_trace("cc-" + kTrace + "-" + kSpan + "-01.what"));
    EXPECT_FALSE(read_trace("ff-" + kTrace + "-" + kSpan + "-01"));
}

TEST(TraceParent, ThatIsNoneIsNothing) {
    const std::string upper = "4BF92F3577B34DA6A3CE929D0E0E4736";
    for (const std::string& text :
         {std::string(), std::string("00"), "00-" + kTrace + "-" + kSpan, "00-" + kTrace + "-" + kSpan + "-0",
          "00-" + kTrace + "-" + kSpan + "-01-more", "00-" + kTrace + "-" + kSpan + "-01 ",
          "00-" + upper + "-" + kSpan + "-01", "00-" + std::string(32, '0') + "-" + kSpan + "-01",
          "00-" + kTrace + "-" + std::string(16, '0') + "-01", "00-" + kTrace + "-" + kSpan + "-0g",
          "0g-" + kTrace + "-" + kSpan + "-01", "00_" + kTrace + "-" + kSpan + "-01",
          "00-" + kTrace + "_" + kSpan + "-01", "00-" + kTrace + "-" + kSpan + "_01"})
        EXPECT_FALSE(read_trace(text)) << text;
}

TEST(TraceState, KeepsItsMembersInOrder) {
    EXPECT_EQ(read_trace_state("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
              "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    EXPECT_EQ(read_trace_state(" a=1 ,, \tb@c=x y\t,"), "a=1,b@c=x y");
    EXPECT_EQ(read_trace_state(""), "");
}

TEST(TraceState, ThatIsNotValidIsThrownAwayWhole) {
    for (const char* text :
         {"a", "a=", "=1", "A=1", "a=1,b", "a=1,a=2", "a=b=c", "a@b@c=1", "a=\x01", "-a=1"})
        EXPECT_EQ(read_trace_state(text), "") << text;
    EXPECT_EQ(read_trace_state(std::string(257, 'a') + "=1"), "");
    EXPECT_EQ(read_trace_state("a=" + std::string(257, 'v')), "");
    std::string many;
    for (int index = 0; index < 33; ++index)
        many += "k" + std::to_string(index) + "=1,";
    EXPECT_EQ(read_trace_state(many), "");
}

TEST(TraceState, LosesWhatIsTooMuchFromItsEnd) {
    const std::string long_one(250, 'v');
    const std::string text = "a=" + long_one + ",b=" + long_one + ",c=" + long_one + ",d=1";
    EXPECT_EQ(read_trace_state(text), "a=" + long_one + ",b=" + long_one);
}

class Sample : public Plugin {
public:
    using Plugin::host;
    using Plugin::Plugin;
};

class Spans : public ::testing::Test {
protected:
    testing::FakeHost fake_;
    testing::FakeTracing tracing_{fake_};
    Sample& plugin_ = fake_.create<Sample>();
    Tracer tracer_{plugin_.host()};
};

TEST_F(Spans, AreHandedOverWhenTheyEnd) {
    ASSERT_TRUE(tracer_.is_on());
    const auto parent = read_trace("00-" + kTrace + "-" + kSpan + "-01");
    Span span = tracer_.begin("work", SH_SPAN_INTERNAL, &*parent);
    EXPECT_EQ(hex_of(span.context()->trace_id), kTrace);
    span.set("rows", 12);
    span.set("word", "yes");
    span.event("half");
    span.fail("out of paper");
    span.began_ago(1'000);
    EXPECT_TRUE(tracing_.spans.empty());
    span.end();
    EXPECT_FALSE(span);
    span.end();
    ASSERT_EQ(tracing_.spans.size(), 1u);
    const testing::KeptSpan& kept = tracing_.spans[0];
    EXPECT_EQ(kept.name, "work");
    EXPECT_EQ(kept.parent_id, kSpan);
    EXPECT_EQ(kept.error, "out of paper");
    EXPECT_EQ(kept.attributes, (std::map<std::string, std::string>{{"rows", "12"}, {"word", "yes"}}));
    EXPECT_EQ(kept.events, std::vector<std::string>{"half"});
    EXPECT_GE(kept.length_ns, 1'000'000'000u);
}

TEST_F(Spans, ThatAreNotSampledHaveAPlaceAndAreNotTold) {
    tracing_.is_sampled = false;
    Span span = tracer_.begin("work", SH_SPAN_INTERNAL);
    ASSERT_TRUE(span);
    span.set("rows", 12);
    EXPECT_FALSE(span.context()->is_sampled());
    span.end();
    EXPECT_TRUE(tracing_.spans.empty());
}

TEST_F(Spans, ThatAreDroppedAreNotTold) {
    Span span = tracer_.begin("work", SH_SPAN_INTERNAL);
    span.drop();
    span.end();
    EXPECT_TRUE(tracing_.spans.empty());
}

TEST_F(Spans, AreNothingWithoutATracer) {
    tracing_.withdraw();
    EXPECT_FALSE(tracer_.is_on());
    Span span = tracer_.begin("work", SH_SPAN_INTERNAL);
    EXPECT_FALSE(span);
    EXPECT_EQ(span.context(), nullptr);
    span.set("rows", 12);
    span.event("half");
    span.end();
    EXPECT_FALSE(Tracer().begin("work", SH_SPAN_INTERNAL));
}

TEST_F(Spans, HaveALimit) {
    Span span = tracer_.begin("work", SH_SPAN_INTERNAL);
    for (int index = 0; index < 100; ++index)
        span.event("one");
    span.set("text", std::string(1'023, 'a') + "\xC3\xA4\xC3\xA4");
    span.end();
    EXPECT_EQ(tracing_.spans.at(0).events.size(), 32u);
    EXPECT_EQ(tracing_.spans.at(0).attributes.at("text"), std::string(1'023, 'a')) << "no half letter";
}

TEST_F(Spans, AreNamedByLinesOfTheLog) {
    const auto trace = read_trace("00-" + kTrace + "-" + kSpan + "-01");
    plugin_.host().warn("it went wrong", {{"run", "s.r"}}, &*trace);
    plugin_.host().warn("and again", {{"run", "s.r"}});
    EXPECT_EQ(fake_.lines.at(0).fields.at("trace_id"), kTrace);
    EXPECT_EQ(fake_.lines.at(0).fields.at("span_id"), kSpan);
    EXPECT_EQ(fake_.lines.at(0).fields.at("run"), "s.r");
    EXPECT_FALSE(fake_.lines.at(1).fields.contains("trace_id"));
}

}  // namespace
}  // namespace streamhost
