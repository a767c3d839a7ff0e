#include "net/router.hpp"

#include <gtest/gtest.h>

namespace streamhost::net {
namespace {

int handlers[8];

Router example() {
    Router router;
    EXPECT_EQ(router.add({.path = "/v1/ws", .handler = &handlers[0]}), RouteAdd::kAdded);
    EXPECT_EQ(router.add({.path = "/v1/sessions/",
                          .match = PathMatch::kPrefix,
                          .methods = HttpMethod::kGet | HttpMethod::kPost,
                          .handler = &handlers[1]}),
              RouteAdd::kAdded);
    EXPECT_EQ(
        router.add(
            {.path = "/v1/sessions/special", .methods = only(HttpMethod::kDelete), .handler = &handlers[2]}),
        RouteAdd::kAdded);
    EXPECT_EQ(router.add({.path = "/v1/",
                          .match = PathMatch::kPrefix,
                          .methods = only(HttpMethod::kPut),
                          .handler = &handlers[3]}),
              RouteAdd::kAdded);
    EXPECT_EQ(router.add({.path = "/v1/ws", .methods = only(HttpMethod::kOptions), .handler = &handlers[4]}),
              RouteAdd::kAdded);
    return router;
}

TEST(Router, FindsAnExactPathAndItsMethods) {
    const Router router = example();
    EXPECT_EQ(router.find("GET", "/v1/ws").handler, &handlers[0]);
    EXPECT_EQ(router.find("OPTIONS", "/v1/ws").handler, &handlers[4]);
    EXPECT_EQ(router.find("GET", "/v1/ws").status, 200);
}

TEST(Router, TheLongestPrefixDecides) {
    const Router router = example();
    const RouteResult found = router.find("POST", "/v1/sessions/abc/messages");
    EXPECT_EQ(found.handler, &handlers[1]);
    EXPECT_EQ(found.rest, "abc/messages");
    EXPECT_EQ(router.find("GET", "/v1/sessions/").rest, "");
    EXPECT_EQ(router.find("PUT", "/v1/other").handler, &handlers[3]);
    EXPECT_EQ(router.find("PUT", "/v1/sessions/abc").status, 405) << "the shorter prefix must not take it";
}

TEST(Router, TellsAWrongMethodFromAWrongPath) {
    const Router router = example();
    const RouteResult wrong_method = router.find("GET", "/v1/sessions/special");
    EXPECT_EQ(wrong_method.status, 405);
    EXPECT_EQ(allow_list(wrong_method.allowed), "DELETE");
    EXPECT_EQ(allow_list(router.find("POST", "/v1/ws").allowed), "GET, OPTIONS");
    EXPECT_EQ(router.find("GET", "/").status, 404);
    EXPECT_EQ(router.find("GET", "/v1").status, 404);
    EXPECT_EQ(router.find("GET", "/V1/ws").status, 404);
    EXPECT_EQ(router.find("GET", "*").status, 404);
    EXPECT_EQ(router.find("BREW", "/v1/ws").status, 501);
    EXPECT_EQ(router.find("get", "/v1/ws").status, 501) << "methods have case";
    EXPECT_EQ(router.find("BREW", "/nowhere").status, 404);
    EXPECT_EQ(Router().find("GET", "/").status, 404);
}

TEST(Router, APrefixOfEverything) {
    Router router;
    ASSERT_EQ(router.add({.path = "/", .match = PathMatch::kPrefix, .handler = &handlers[5]}),
              RouteAdd::kAdded);
    EXPECT_EQ(router.find("GET", "/").rest, "");
    EXPECT_EQ(router.find("GET", "/index.html").rest, "index.html");
    EXPECT_EQ(router.find("GET", "/a/b").rest, "a/b");
}

TEST(Router, RefusesWhatCouldNeverMatchOrIsTaken) {
    Router router = example();
    EXPECT_EQ(router.add({.path = ""}), RouteAdd::kBadPath);
    EXPECT_EQ(router.add({.path = "v1"}), RouteAdd::kBadPath);
    EXPECT_EQ(router.add({.path = "/a b"}), RouteAdd::kBadPath);
    EXPECT_EQ(router.add({.path = "/a?b"}), RouteAdd::kBadPath);
    EXPECT_EQ(router.add({.path = "/a", .match = PathMatch::kPrefix}), RouteAdd::kBadPath);
    EXPECT_EQ(router.add({.path = "/a", .methods = 0}), RouteAdd::kNoMethod);
    EXPECT_EQ(router.add({.path = "/v1/ws", .methods = HttpMethod::kGet | HttpMethod::kHead}),
              RouteAdd::kTaken);
    EXPECT_EQ(router.find("HEAD", "/v1/ws").status, 405) << "a refused route must leave no trace";
    EXPECT_EQ(router.find("GET", "/a").status, 404);
}

}  // namespace
}  // namespace streamhost::net
