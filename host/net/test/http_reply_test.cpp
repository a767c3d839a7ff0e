#include "net/http_reply.hpp"

#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

TEST(HttpReply, WritesHeadAndBody) {
    const HttpField fields[] = {{"Cache-Control", "no-cache"}};
    std::string out;
    append_reply(
        out,
        {.after = AfterReply::kKeepAlive, .content_type = "text/plain", .body = "hello", .fields = fields});
    EXPECT_EQ(out,
              "HTTP/1.1 200 OK\r\nCache-Control: no-cache\r\nContent-Type: text/plain\r\nContent-Length: "
              "5\r\n\r\nhello");
}

TEST(HttpReply, NoContentHasNoLength) {
    std::string out;
    append_reply(out, {.status = 204});
    EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST(HttpReply, NotModifiedHasNoLengthEither) {
    std::string out;
    append_reply(out, {.status = 304, .after = AfterReply::kKeepAlive});
    EXPECT_EQ(out, "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST(HttpReply, ProblemSaysWhatAndWhenToComeBack) {
    std::string out;
    append_problem(out, {.status = 503, .detail = "a \"plugin\" is\naway", .retry_after_s = 3});
    EXPECT_EQ(
        out,
        "HTTP/1.1 503 Service Unavailable\r\n"
        "Cache-Control: no-store\r\n"
        "Retry-After: 3\r\n"
        "Content-Type: application/problem+json\r\n"
        "Content-Length: 124\r\n"
        "Connection: close\r\n"
        "\r\n"
        "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"code\":\"unavailable\","
        "\"detail\":\"a \\\"plugin\\\" is\\u000aaway\"}\n");
}

TEST(HttpReply, EveryRefusedHeadHasAReply) {
    for (unsigned fault = 1; fault <= static_cast<unsigned>(HeadFault::kLengthAndCoding); ++fault) {
        const HttpProblem problem = problem_of(static_cast<HeadFault>(fault));
        EXPECT_NE(reason_phrase(problem.status), "Unknown");
        EXPECT_NE(error_code_of(problem.status), "internal");
        EXPECT_NE(problem.detail, "unknown fault");
    }
}

#ifdef NDEBUG
TEST(HttpReply, DropsAFieldThatBreaksOutOfItsLine) {
    const HttpField fields[] = {{"X", "a\r\nSet-Cookie: b"}, {"Bad Name", "c"}, {"Y", "d"}};
    std::string out;
    append_reply(out, {.fields = fields});
    EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nY: d\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}
#else
TEST(HttpReplyDeathTest, AssertsOnAFieldThatBreaksOutOfItsLine) {
    const HttpField fields[] = {{"X", "a\r\nSet-Cookie: b"}};
    std::string out;
    EXPECT_DEATH(append_reply(out, {.fields = fields}), "keeps_its_line");
}
#endif

}  // namespace
}  // namespace streamhost::net
