// What goes over the queue and stands in the job, and what is decided by it.
#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "completion_request.hpp"
#include "queue_port.hpp"
#include "texts.hpp"

namespace chat {
namespace {

constexpr std::uint64_t kEntries = 7;

RemoteTerms terms(Policy policy, std::uint32_t max_deliveries = 3) {
    return {.policy = policy, .max_deliveries = max_deliveries};
}

TEST(Takeover, TheFirstDeliveryIsProducedWhateverThePolicy) {
    for (const Policy policy : {Policy::fail, Policy::go_on, Policy::start_over})
        EXPECT_EQ(decide(terms(policy), {.claims = 1}), Takeover::produce);
}

TEST(Takeover, ASecondOneGoesByThePolicy) {
    const Delivery second{.claims = 2, .entries = kEntries};
    EXPECT_EQ(decide(terms(Policy::fail), second), Takeover::lost);
    EXPECT_EQ(decide(terms(Policy::go_on), second), Takeover::go_on);
    EXPECT_EQ(decide(terms(Policy::start_over), second), Takeover::start_over);
}

TEST(Takeover, WhereNobodyHasSeenAnythingItIsSimplyProduced) {
    EXPECT_EQ(decide(terms(Policy::go_on), {.claims = 2}), Takeover::produce);
    EXPECT_EQ(decide(terms(Policy::start_over), {.claims = 2}), Takeover::produce);
    EXPECT_EQ(decide(terms(Policy::fail), {.claims = 2}), Takeover::lost) << "a tool may have run";
}

TEST(Takeover, TooManyDeliveriesGiveUp) {
    EXPECT_EQ(decide(terms(Policy::go_on), {.claims = 3, .entries = kEntries}), Takeover::go_on);
    EXPECT_EQ(decide(terms(Policy::go_on), {.claims = 4, .entries = kEntries}), Takeover::give_up);
    EXPECT_EQ(decide(terms(Policy::fail, 1), {.claims = 2}), Takeover::give_up);
    EXPECT_EQ(decide(terms(Policy::fail), {.claims = 1, .queued = 4}), Takeover::give_up)
        << "workers die before they claim it";
    RemoteTerms again = terms(Policy::start_over);
    again.earlier = 3;
    EXPECT_EQ(decide(again, {.claims = 1}), Takeover::give_up) << "runs before this one count";
}

TEST(Takeover, WhatWasGivenBackInGoodOrderIsNoFailure) {
    EXPECT_EQ(decide(terms(Policy::go_on), {.claims = 6, .excused = 4, .entries = kEntries}),
              Takeover::go_on);
    EXPECT_EQ(decide(terms(Policy::go_on), {.claims = 1, .excused = 99}), Takeover::produce);
}

TEST(Policy, NamesGoThereAndBack) {
    for (const Policy policy : {Policy::fail, Policy::go_on, Policy::start_over})
        EXPECT_EQ(policy_of(policy_name(policy)), policy);
}

TEST(Job, ComesBackAsItWasWritten) {
    Job job{.provider = "ai",
            .content = {.json = R"("one \"two\" \u00e4 🐟")"},
            .options = R"({"seed":7})",
            .remote = terms(Policy::start_over, 9)};
    job.remote->queue = "fast";
    job.remote->wait_ms = 1'234;
    job.remote->origin = "s.first";
    job.remote->earlier = 2;
    const Job read = job_of(job_text(job));
    EXPECT_EQ(read.provider, "ai");
    EXPECT_FALSE(read.content.is_data);
    EXPECT_EQ(prompt_of(read).content, prompt_of(job).content);
    EXPECT_EQ(read.options, job.options);
    ASSERT_TRUE(read.remote);
    EXPECT_EQ(read.remote->queue, "fast");
    EXPECT_EQ(read.remote->policy, Policy::start_over);
    EXPECT_EQ(read.remote->max_deliveries, 9u);
    EXPECT_EQ(read.remote->wait_ms, 1'234u);
    EXPECT_EQ(read.remote->origin, "s.first");
    EXPECT_EQ(read.remote->earlier, 2u);
}

TEST(Job, OfDataAndOfALocalProvider) {
    const Job read = job_of(job_text({.provider = "echo", .content = {.json = "[1,2]", .is_data = true}}));
    EXPECT_TRUE(read.content.is_data);
    EXPECT_EQ(read.content.json, "[1,2]");
    EXPECT_TRUE(read.options.empty());
    EXPECT_FALSE(read.remote);
    EXPECT_THROW((void)job_of("{}"), streamhost::Failure);
    EXPECT_THROW((void)job_of(""), streamhost::Failure);
}

TEST(QueuedRun, ComesBackOutOfTheQueue) {
    const std::string payload = payload_of({.run = "s.abc", .message_seq = 12, .excused = 2});
    const auto jobs = taken_jobs(R"([{"id":"5-0","payload":")" + std::string() +
                                 R"({\"run\":\"s.abc\",\"seq\":12,\"excused\":2}","deliveries":3},)"
                                 R"({"id":"6-0","payload":"what?","deliveries":1}])");
    EXPECT_EQ(payload, R"({"run":"s.abc","seq":12,"excused":2})");
    ASSERT_EQ(jobs.size(), 2u);
    EXPECT_EQ(jobs[0].id, "5-0");
    EXPECT_EQ(jobs[0].deliveries, 3u);
    ASSERT_TRUE(jobs[0].queued);
    EXPECT_EQ(jobs[0].queued->run, "s.abc");
    EXPECT_EQ(jobs[0].queued->message_seq, 12u);
    EXPECT_EQ(jobs[0].queued->excused, 2u);
    EXPECT_FALSE(jobs[1].queued) << "somebody else's";
    EXPECT_THROW((void)taken_jobs("{}"), streamhost::Failure);
}

TEST(Control, ACancelIsUnderstoodAndAnythingElseIsNot) {
    EXPECT_EQ(cancelled_run(cancel_message("s.abc")), "s.abc");
    EXPECT_EQ(cancelled_run("{\"cancel\":7}"), "");
    EXPECT_EQ(cancelled_run("what?"), "");
}

TEST(Prefix, GoesToAnOpenAiServerAsTheAssistantsOwnWords) {
    const std::string body =
        completion_request({.model = "m"}, {.content = "Count", .prefix = "one \"two\""});
    EXPECT_NE(body.find(R"({"role":"user","content":"Count"},{"role":"assistant","content":"one \"two\""}])"),
              std::string::npos);
}

TEST(Prefix, IsReadFromWhatStandsInTheStream) {
    EXPECT_EQ(unescaped(R"(a\n\"b\" \u00e4 🐟)"), "a\n\"b\" \xc3\xa4 🐟");
    EXPECT_THROW((void)unescaped("a\"b"), streamhost::Failure);
}

}  // namespace
}  // namespace chat
