#include "net/http_policy.hpp"

#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

// Keeps the bytes that the head's views are of.
struct Request {
    explicit Request(const std::string& fields, const std::string& method = "GET")
        : bytes(method + " / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n") {
        EXPECT_EQ(parser.parse(bytes), HeadState::kComplete) << bytes;
    }
    [[nodiscard]] const HttpHead& head() const { return parser.head(); }
    std::string bytes;
    HttpHeadParser parser;
};

CorsRules rules(std::vector<std::string> origins) {
    return {.origins = std::move(origins), .methods = "GET, POST", .headers = "Authorization", .exposed = ""};
}

TEST(HttpPolicy, AnAnswerKeepsItsOwnFields) {
    const HttpPolicy policy{.headers = {{"X-Frame-Options", "DENY"}, {"X-Content-Type-Options", "nosniff"}},
                            .cors = {}};
    std::string response = "HTTP/1.1 200 OK\r\nx-frame-options: SAMEORIGIN\r\nContent-Length: 2\r\n\r\nX:";
    add_fields(response, policy, "now", "Vary: Origin\r\n");
    EXPECT_EQ(response,
              "HTTP/1.1 200 OK\r\nDate: now\r\nX-Content-Type-Options: nosniff\r\nVary: Origin\r\n"
              "x-frame-options: SAMEORIGIN\r\nContent-Length: 2\r\n\r\nX:");
    std::string bare = "HTTP/1.1 204 No Content\r\n\r\nX-Frame-Options: in the body";
    add_fields(bare, policy, "now", "");
    EXPECT_EQ(bare,
              "HTTP/1.1 204 No Content\r\nDate: now\r\nX-Frame-Options: DENY\r\nX-Content-Type-Options: "
              "nosniff\r\n\r\nX-Frame-Options: in the body");
}

TEST(HttpPolicy, DatesAreThoseOfHttp) {
    EXPECT_EQ(http_date(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(http_date(1'709'164'800), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(Cors, IsOffWithoutOrigins) {
    EXPECT_EQ(cors_lines({}, Request("Origin: https://a.example\r\n").head()), "");
}

TEST(Cors, LetsListedOriginsReadAndTellsCachesThatItDepends) {
    const CorsRules two = rules({"https://a.example", "https://b.example:8443"});
    EXPECT_EQ(cors_lines(two, Request("Origin: https://b.example:8443\r\n").head()),
              "Vary: Origin\r\nAccess-Control-Allow-Origin: https://b.example:8443\r\n");
    for (const char* fields : {"", "Origin: https://evil.example\r\n", "Origin: null\r\n",
                               "Origin: https://a.example.evil.example\r\n", "Origin: http://a.example\r\n",
                               "Origin: https://a.example\r\nOrigin: https://a.example\r\n"})
        EXPECT_EQ(cors_lines(two, Request(fields).head()), "Vary: Origin\r\n") << fields;
}

TEST(Cors, SaysTheOriginAndNotAllWhereCredentialsMayCome) {
    CorsRules one = rules({"https://a.example"});
    one.credentials = true;
    one.exposed = "Retry-After";
    EXPECT_EQ(cors_lines(one, Request("Origin: https://A.example\r\n").head()),
              "Vary: Origin\r\nAccess-Control-Allow-Origin: https://a.example\r\n"
              "Access-Control-Expose-Headers: Retry-After\r\nAccess-Control-Allow-Credentials: true\r\n");
    CorsRules all = rules({"*"});
    EXPECT_EQ(cors_lines(all, Request("Origin: https://a.example\r\n").head()),
              "Access-Control-Allow-Origin: *\r\n");
    all.credentials = true;  // refused by the configuration; if it came here nobody would be let in by it
    EXPECT_EQ(cors_lines(all, Request("Origin: https://a.example\r\n").head()), "Vary: Origin\r\n");
}

TEST(Cors, APreflightIsAnsweredForAllowedOriginsAlone) {
    const std::string asked = "Access-Control-Request-Method: POST\r\n";
    EXPECT_FALSE(is_preflight(Request("Origin: https://a.example\r\n", "OPTIONS").head()));
    EXPECT_FALSE(is_preflight(Request(asked, "OPTIONS").head()));
    EXPECT_FALSE(is_preflight(Request("Origin: https://a.example\r\n" + asked).head()));
    const CorsRules one = rules({"https://a.example"});
    const Request good("Origin: https://a.example\r\n" + asked, "OPTIONS");
    EXPECT_TRUE(is_preflight(good.head()));
    EXPECT_EQ(preflight_answer(one, good.head(), AfterReply::kKeepAlive),
              "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Methods: GET, POST\r\n"
              "Access-Control-Max-Age: 600\r\nAccess-Control-Allow-Headers: Authorization\r\n\r\n");
    const Request evil("Origin: https://evil.example\r\n" + asked, "OPTIONS");
    const std::string refused = preflight_answer(one, evil.head(), AfterReply::kClose);
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 403 ")) << refused;
    EXPECT_EQ(refused.find("Access-Control"), std::string::npos);
}

}  // namespace
}  // namespace streamhost::net
