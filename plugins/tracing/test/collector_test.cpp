#include "collector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "streamhost/status.hpp"

#include "fake_collector.hpp"

namespace tracing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using streamhost::Failure;
using testing::answer;
using testing::FakeCollector;
using ::testing::HasSubstr;
using ::testing::Not;

Collector collector_at(const FakeCollector& server) {
    return Collector(make_target(server.endpoint(), "", true));
}

TEST(Endpoint, HasAPathAndNoUser) {
    EXPECT_EQ(make_target("http://otel:4318", "", true).url.getPath(), "/v1/traces");
    EXPECT_EQ(make_target("http://otel:4318/", "", true).url.getPath(), "/v1/traces");
    EXPECT_EQ(make_target("http://otel/custom/path?x=1", "", true).url.getPathAndQuery(), "/custom/path?x=1");
    EXPECT_NE(make_target("https://otel", "", true).tls.get(), nullptr);
    for (const char* endpoint : {"", "otel:4318", "ftp://otel", "http://", "http://me:secret@otel"})
        EXPECT_THROW((void)make_target(endpoint, "", true), Failure) << endpoint;
    EXPECT_THROW((void)make_target("https://otel", "/nowhere/ca.pem", true), Failure);
}

TEST(Headers, AreLinesOfNameAndValue) {
    EXPECT_EQ(read_headers("# ours\n\nAuthorization: Bearer x:y\r\n  X-Scope-OrgID:  tenant 1  \n"),
              (HeaderList{{"Authorization", "Bearer x:y"}, {"X-Scope-OrgID", "tenant 1"}}));
    EXPECT_TRUE(read_headers("").empty());
    for (const char* text : {"no colon", ": value", "name:", "two words: x",
                             "a: b\x01"
                             "c"})
        EXPECT_THROW((void)read_headers(text), Failure) << text;
    try {
        (void)read_headers("Authorization: x\nsecret");
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), HasSubstr("line 2"));
        EXPECT_THAT(failure.what(), Not(HasSubstr("secret")));
    }
}

TEST(Post, SendsWhatItIsGivenAndKeepsTheConnection) {
    FakeCollector server({answer(200, "", "thanks")});
    Collector collector = collector_at(server);
    for (int count = 0; count < 3; ++count) {
        const Reply reply = collector.post("body", {{"X-Key", "k"}}, steady_clock::now() + seconds(5));
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(reply.body, "thanks");
    }
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 3u);
    EXPECT_THAT(requests[0], HasSubstr("POST /v1/traces HTTP/1.1\r\n"));
    EXPECT_THAT(requests[0], HasSubstr("Content-Type: application/x-protobuf\r\n"));
    EXPECT_THAT(requests[0], HasSubstr("X-Key: k\r\n"));
    EXPECT_TRUE(requests[0].ends_with("\r\n\r\nbody"));
}

TEST(Post, OverAConnectionThatWasClosedMeanwhileIsMadeAgain) {
    // The server says nothing of it and closes.
    FakeCollector server({answer(200), answer(200, "Connection: close\r\n"), answer(200)});
    Collector collector = collector_at(server);
    for (int count = 0; count < 4; ++count)
        EXPECT_EQ(collector.post("body", {}, steady_clock::now() + seconds(5)).status, 200);
}

TEST(Post, SaysWhatTheCollectorAsksFor) {
    FakeCollector server({answer(503, "Retry-After: 7\r\n")});
    Collector collector = collector_at(server);
    const Reply reply = collector.post("body", {}, steady_clock::now() + seconds(5));
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.retry_after, seconds(7));
}

TEST(Post, ToNobodySaysWhy) {
    std::string endpoint;
    {
        FakeCollector server({answer(200)});
        endpoint = server.endpoint();
    }
    Collector collector(make_target(endpoint, "", true));
    const Reply reply = collector.post("body", {}, steady_clock::now() + seconds(5));
    EXPECT_EQ(reply.status, 0);
    EXPECT_TRUE(reply.may_pass());
    EXPECT_THAT(reply.why, Not(""));
}

TEST(Post, EndsInItsTime) {
    FakeCollector server({""});
    Collector collector = collector_at(server);
    const auto begun = steady_clock::now();
    EXPECT_EQ(collector.post("body", {}, begun + milliseconds(200)).status, 0);
    EXPECT_LT(steady_clock::now() - begun, seconds(4));
}

TEST(Post, IsCutWhenItsTimeGetsShorter) {
    FakeCollector server({""});
    Collector collector = collector_at(server);
    std::atomic<bool> is_done{false};
    std::thread posts([&] {
        EXPECT_EQ(collector.post("body", {}, steady_clock::now() + seconds(60)).status, 0);
        is_done = true;
    });
    const auto begun = steady_clock::now();
    while (server.requests().empty() && steady_clock::now() - begun < seconds(10))
        std::this_thread::yield();
    collector.hurry(begun);
    while (!is_done && steady_clock::now() - begun < seconds(20))
        collector.interrupt_late(steady_clock::now());
    posts.join();
    EXPECT_LT(steady_clock::now() - begun, seconds(20));
}

}  // namespace
}  // namespace tracing
