#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "completion_request.hpp"
#include "completion_stream.hpp"
#include "retry_policy.hpp"

namespace chat {
namespace {

using State = CompletionStream::State;

TEST(CompletionStream, TextUsageAndFinish) {
    CompletionStream stream;
    std::string text;
    EXPECT_EQ(stream.take(R"({"choices":[{"delta":{"role":"assistant","content":""}}]})", text), State::open);
    EXPECT_EQ(stream.take(R"({"choices":[{"delta":{"content":"a\u00e4"},"finish_reason":null}]})", text),
              State::open);
    EXPECT_EQ(stream.take(R"({"choices":[{"delta":{"content":null},"finish_reason":"length"}]})", text),
              State::open);
    EXPECT_EQ(
        stream.take(
            R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"x":4}})",
            text),
        State::open);
    EXPECT_EQ(stream.take("[DONE]", text), State::done);
    EXPECT_EQ(text, "a\xC3\xA4");
    EXPECT_TRUE(stream.verdict().complete());
    EXPECT_EQ(stream.verdict().usage,
              R"({"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"finish_reason":"length"})");
}

TEST(CompletionStream, WithoutDoneAReasonToFinishIsEnough) {
    CompletionStream stream;
    std::string text;
    EXPECT_EQ(stream.verdict().code, "unavailable") << "nothing came";
    (void)stream.take(R"({"choices":[{"delta":{"content":"a"}}]})", text);
    EXPECT_EQ(stream.verdict().code, "unavailable") << "cut";
    (void)stream.take(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})", text);
    EXPECT_TRUE(stream.verdict().complete());
}

TEST(CompletionStream, APairCutInTwoIsOneCodePoint) {
    CompletionStream stream;
    std::string text;
    EXPECT_EQ(stream.take(R"({"choices":[{"delta":{"content":"of \\\ud83d"}}]})", text), State::open);
    EXPECT_EQ(text, "of \\");
    EXPECT_EQ(stream.take(R"({"choices":[{"delta":{"content":"\udc1f \ud83d\udc1f"}}]})", text), State::open);
    EXPECT_EQ(text, "of \\\xF0\x9F\x90\x9F \xF0\x9F\x90\x9F");
}

TEST(CompletionStream, AHalfWithoutItsOtherIsReplaced) {
    CompletionStream stream;
    std::string text;
    EXPECT_EQ(stream.take(R"({"choices":[{"delta":{"content":"\udc1f.\ud83d"}}]})", text), State::open);
    EXPECT_EQ(stream.take(R"({"choices":[{"delta":{"content":"\ud83d"}}]})", text), State::open);
    EXPECT_EQ(stream.take("[DONE]", text), State::done);
    EXPECT_EQ(text, "\xEF\xBF\xBD.\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(CompletionStream, GarbageIsInternalAndNothingAfterItCounts) {
    for (const std::string_view bad : {"{", "", "[]", "1", "\xFF", "{\"choices\":"}) {
        CompletionStream stream;
        std::string text;
        EXPECT_EQ(stream.take(bad, text), State::failed) << bad;
        EXPECT_EQ(stream.take(R"({"choices":[{"delta":{"content":"a"}}]})", text), State::failed);
        EXPECT_EQ(text, "");
        EXPECT_EQ(stream.verdict().code, "internal");
    }
}

TEST(CompletionStream, AnErrorInTheStreamNeverRepeatsItsText) {
    CompletionStream stream;
    std::string text;
    EXPECT_EQ(stream.take(R"({"error":{"message":"key sk-secret is bad"}})", text), State::failed);
    EXPECT_EQ(stream.verdict().code, "unavailable");
    EXPECT_EQ(stream.verdict().message.find("sk-"), std::string::npos);
}

TEST(CompletionStream, ObjectsOfOtherShapesAreSkipped) {
    CompletionStream stream;
    std::string text;
    for (const std::string_view odd :
         {"{}", R"({"choices":{}})", R"({"choices":[1]})", R"({"choices":[{"delta":5}]})",
          R"({"usage":{"total_tokens":-1},"choices":[]})"})
        EXPECT_EQ(stream.take(odd, text), State::open) << odd;
    EXPECT_EQ(text, "");
}

TEST(RetryPolicy, OnlyBeforeTheFirstTokenAndOnlyWhatMayPass) {
    const RetryOptions options;
    const auto retries = [&](const Attempt& attempt) {
        return retry_in_ms(options, attempt, 1, 0.5).has_value();
    };
    EXPECT_TRUE(retries({.fault = Fault::connect}));
    EXPECT_TRUE(retries({.fault = Fault::disconnected}));
    EXPECT_TRUE(retries({.fault = Fault::status, .status = 429}));
    EXPECT_TRUE(retries({.fault = Fault::status, .status = 503}));
    EXPECT_FALSE(retries({.fault = Fault::status, .status = 503, .had_token = true}));
    EXPECT_FALSE(retries({.fault = Fault::disconnected, .had_token = true}));
    for (const int status : {301, 400, 401, 403, 404, 422})
        EXPECT_FALSE(retries({.fault = Fault::status, .status = status}));
    for (const Fault fault : {Fault::timeout, Fault::stopped, Fault::garbage, Fault::tls})
        EXPECT_FALSE(retries({.fault = fault}));
}

TEST(RetryPolicy, AttemptsAndWaitsAreBounded) {
    const RetryOptions options{.attempts = 3, .first_ms = 100, .last_ms = 300, .max_retry_after_ms = 2'000};
    Attempt attempt{.fault = Fault::status, .status = 429};
    EXPECT_EQ(retry_in_ms(options, attempt, 1, 0.5), 100u);
    EXPECT_EQ(retry_in_ms(options, attempt, 2, 0.999), 299u);
    EXPECT_EQ(retry_in_ms(options, attempt, 1, 0.0), 0u) << "full jitter";
    EXPECT_EQ(retry_in_ms(options, attempt, 3, 0.5), std::nullopt);
    attempt.retry_after_ms = 1'000;
    EXPECT_GE(retry_in_ms(options, attempt, 1, 0.0), 1'000u);
    attempt.retry_after_ms = 3'000;
    EXPECT_EQ(retry_in_ms(options, attempt, 1, 0.0), std::nullopt);
    EXPECT_EQ(parse_retry_after("2"), 2'000u);
    for (const char* odd : {"", "-1", "2s", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999999"})
        EXPECT_EQ(parse_retry_after(odd), std::nullopt) << odd;
}

TEST(RetryPolicy, CodesOfTheProtocol) {
    const auto code = [](Fault fault, int status = 0) {
        return verdict_of(Attempt{.fault = fault, .status = status}).code;
    };
    EXPECT_EQ(code(Fault::status, 401), "internal");
    EXPECT_EQ(code(Fault::status, 403), "internal");
    EXPECT_EQ(code(Fault::status, 429), "rate_limited");
    EXPECT_EQ(code(Fault::status, 500), "unavailable");
    EXPECT_EQ(code(Fault::connect), "unavailable");
    EXPECT_EQ(code(Fault::disconnected), "unavailable");
    EXPECT_EQ(code(Fault::timeout), "timeout");
    EXPECT_EQ(code(Fault::garbage), "internal");
    EXPECT_EQ(code(Fault::tls), "internal");
}

TEST(CompletionRequest, ContextAndAllowedOptionsGoOut) {
    const Prompt prompt{
        .context = {{"user", "a"}, {"assistant", "b"}},
        .content = "c\"",
        .options =
            R"({"temperature":0.5,"max_tokens":7,"stop":["x"],"provider":"p","tools":[1],"model":"m2"})"};
    EXPECT_EQ(
        completion_request({.model = "m", .system_prompt = "s"}, prompt),
        R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[)"
        R"({"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},)"
        R"({"role":"user","content":"c\""}],"max_tokens":7,"temperature":0.5,"stop":["x"]})");
}

TEST(CompletionRequest, OptionsOutOfRangeAreRefused) {
    for (const char* bad : {R"({"temperature":3})", R"({"temperature":"1"})", R"({"max_tokens":0})",
                            R"({"max_tokens":1.5})", R"({"stop":[1]})", R"({"stop":["1","2","3","4","5"]})"})
        EXPECT_THROW((void)completion_request({.model = "m"}, {.content = "c", .options = bad}),
                     streamhost::Failure)
            << bad;
}

}  // namespace
}  // namespace chat
