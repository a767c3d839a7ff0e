// The spans of a run, and how its trace travels: with the job to whoever produces it, with the session's
// entry to those who deliver it.
#include <string>

#include "streamhost/testing/fake_tracing.hpp"

#include "chat_fixture.hpp"
#include "texts.hpp"

namespace chat {
namespace {

using streamhost::hex_of;
using streamhost::read_trace;
using streamhost::TraceContext;
using streamhost::testing::FakeTracing;
using streamhost::testing::KeptSpan;

const std::string kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0";

class TracedRun : public testing::ChatFixture {
protected:
    std::string send_with(const std::optional<TraceContext>& trace,
                          const std::string& content = "\"one two\"") {
        const sh_trace_context raw = trace ? trace->raw() : sh_trace_context{};
        const sh_chat_send request{sizeof(request),       0, bytes("s"), bytes("ann"), {}, bytes(content), {},
                                   trace ? &raw : nullptr};
        Answer answer;
        table->send(self, &request, ticket(answer));
        host.run();
        return run_of(answer);
    }
    static sh_bytes bytes(std::string_view text) { return streamhost::bytes(text); }

    FakeTracing tracing_{host};
};

TEST(Job, CarriesItsTrace) {
    Job job{.provider = "echo", .content = {.json = "\"x\""}};
    EXPECT_FALSE(job_of(job_text(job)).trace);
    EXPECT_EQ(job_text(job).find("trace"), std::string::npos);
    job.trace = read_trace(kParent + "1", "a=1");
    const Job read = job_of(job_text(job));
    ASSERT_TRUE(read.trace);
    EXPECT_EQ(read.trace->parent_text(), kParent + "1");
    EXPECT_EQ(read.trace->state, "a=1");
}

TEST_F(TracedRun, IsASpanWithTheCallOfItsProviderInIt) {
    start();
    const std::string run = send_with(read_trace(kParent + "1", "a=1"));
    ASSERT_EQ(tracing_.named("run").size(), 1u);
    ASSERT_EQ(tracing_.named("chat echo").size(), 1u);
    const KeptSpan produced = tracing_.named("run")[0];
    EXPECT_EQ(produced.parent_id, "00f067aa0ba902b7");
    EXPECT_EQ(produced.attributes.at("streamhost.run"), run);
    EXPECT_EQ(produced.attributes.at("streamhost.outcome"), "complete");
    EXPECT_EQ(produced.attributes.at("streamhost.entries"), "2");
    EXPECT_EQ(produced.events, std::vector<std::string>{"first_token"});
    const KeptSpan call = tracing_.named("chat echo")[0];
    EXPECT_EQ(call.parent_id, hex_of(produced.context.span_id));
    EXPECT_EQ(call.context.state, "a=1");
}

TEST_F(TracedRun, IsNamedByTheSessionsEntryWhereItIsSampled) {
    start();
    const std::string run = send_with(read_trace(kParent + "1"));
    EXPECT_EQ(
        cache.streams["s"].entries[1].second,
        R"({"kind":"run","run":")" + run + R"(","state":"pending","traceparent":")" + kParent + R"(1"})");
    send_with(read_trace(kParent + "0"));
    EXPECT_EQ(tracing_.named("run").size(), 1u);
    for (std::size_t back = 0; back < 5; ++back)
        EXPECT_EQ(last(back).find("traceparent"), std::string::npos) << last(back);
}

TEST_F(TracedRun, IsNamedByTheLogWhenItFails) {
    start();
    no_thread = true;
    const std::string run = send_with(read_trace(kParent + "1"));
    (void)plugin->drain(0);
    host.run();
    const auto is_line = [&](const auto& line) { return line.text == "run ends with an error"; };
    const auto found = std::find_if(host.lines.begin(), host.lines.end(), is_line);
    ASSERT_NE(found, host.lines.end());
    EXPECT_EQ(found->fields.at("run"), run);
    EXPECT_EQ(found->fields.at("trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
    ASSERT_EQ(tracing_.named("run").size(), 1u);
    EXPECT_EQ(tracing_.named("run")[0].error, "error");
}

TEST_F(TracedRun, HasNoSpanWithoutATrace) {
    start();
    send_with(std::nullopt);
    EXPECT_TRUE(tracing_.spans.empty());
}

}  // namespace
}  // namespace chat
