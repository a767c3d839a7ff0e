#include "retry.hpp"

#include <gtest/gtest.h>

namespace tracing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

Reply reply(int status, std::optional<milliseconds> after = {}) {
    return {.status = status, .retry_after = after, .body = {}, .why = {}};
}

TEST(Retry, IsForWhatMayPass) {
    for (const int status : {0, 429, 502, 503, 504})
        EXPECT_TRUE(reply(status).may_pass()) << status;
    for (const int status : {200, 202, 301, 400, 401, 404, 413, 500, 501})
        EXPECT_FALSE(reply(status).may_pass()) << status;
    EXPECT_TRUE(reply(200).is_taken());
    EXPECT_TRUE(reply(202).is_taken());
    EXPECT_FALSE(reply(0).is_taken());
}

TEST(Retry, WaitsLongerEachTimeAndNoLongerThanHalfAMinute) {
    EXPECT_EQ(wait_before_retry(reply(503), 1, 0), milliseconds(250));
    EXPECT_LE(wait_before_retry(reply(503), 1, 0.999), milliseconds(500));
    EXPECT_EQ(wait_before_retry(reply(503), 2, 0), milliseconds(500));
    EXPECT_EQ(wait_before_retry(reply(503), 1'000, 0), milliseconds(15'000));
}

TEST(Retry, WaitsAsLongAsTheCollectorAsksFor) {
    const auto wait = wait_before_retry(reply(429, seconds(7)), 1, 0.5);
    EXPECT_GE(wait, seconds(7));
    EXPECT_LE(wait, milliseconds(7'200));
}

TEST(RetryAfter, IsSecondsOrADate) {
    const auto now = system_clock::from_time_t(784'111'777);  // Sun, 06 Nov 1994 08:49:37 GMT
    EXPECT_EQ(read_retry_after("3", now), seconds(3));
    EXPECT_EQ(read_retry_after("0", now), seconds(0));
    EXPECT_EQ(read_retry_after("999999999", now), seconds(86'400));
    EXPECT_EQ(read_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), seconds(10));
    EXPECT_EQ(read_retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now), seconds(0));
    for (const char* text : {"", "-1", "soon", "3s", "Sun, 06 Nov 1994"})
        EXPECT_FALSE(read_retry_after(text, now)) << text;
}

}  // namespace
}  // namespace tracing
