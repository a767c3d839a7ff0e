#include "bridge/route_book.hpp"

#include <gtest/gtest.h>

#include "bridge/test/fixture.hpp"

namespace streamhost::bridge {
namespace {

class RouteBookTest : public testing::Test {
protected:
    std::shared_ptr<WebSocketRoute> websocket(const std::shared_ptr<control::Instance>& of,
                                              const std::string& path) {
        auto route = std::make_shared<WebSocketRoute>();
        route->instance = of;
        route->path = path;
        route->limits.max_message_bytes = 1'000;
        route->limits.heartbeat_ms = 25'000;
        return route;
    }
    std::shared_ptr<HttpRoute> http(const std::shared_ptr<control::Instance>& of, const std::string& path,
                                    net::HttpMethods methods = net::only(net::HttpMethod::kGet),
                                    std::uint32_t listeners = SH_LISTENER_PUBLIC) {
        auto route = std::make_shared<HttpRoute>();
        route->instance = of;
        route->is_prefix = path.ends_with('/');
        route->path = path;
        route->methods = methods;
        route->listeners = listeners;
        return route;
    }
    /// Whoever answers GET there, or nullptr.
    const void* at(const std::string& path, const RouteLimits& limits = {}) {
        table_ = book_.table({"public"}, limits);
        const net::RouteResult found = table_->router.find("GET", path);
        return found.handler == nullptr ? nullptr : static_cast<net::Endpoint*>(found.handler)->user;
    }

    test::Fixture fixture_;
    test::Script script_;
    std::shared_ptr<control::Instance> one_ = fixture_.make(script_, "one");
    std::shared_ptr<control::Instance> next_ = fixture_.make(script_, "one");  // another generation
    std::shared_ptr<control::Instance> other_ = fixture_.make(script_, "other");
    RouteBook book_;
    net::RouteTablePtr table_;
};

TEST_F(RouteBookTest, APathIsTakenFromItsRegistrationAndShowsLater) {
    const auto route = websocket(one_, "/a");
    ASSERT_EQ(book_.take(route), SH_OK);
    EXPECT_EQ(at("/a"), nullptr);
    EXPECT_EQ(book_.take(websocket(other_, "/a")), SH_CONFLICT);
    book_.show(route.get());
    EXPECT_EQ(at("/a"), route.get());
    EXPECT_EQ(book_.shown().websocket, 1u);
    book_.drop(route.get());
    EXPECT_EQ(at("/a"), nullptr);
    EXPECT_EQ(book_.take(websocket(other_, "/a")), SH_OK);
}

TEST_F(RouteBookTest, TheNewerGenerationAnswersAndTheOlderOneIsNotInTheWay) {
    const auto old = websocket(one_, "/a");
    const auto young = websocket(next_, "/a");
    const auto old_page = http(one_, "/page");
    const auto young_page = http(next_, "/page");
    ASSERT_EQ(book_.take(old), SH_OK);
    ASSERT_EQ(book_.take(old_page), SH_OK);
    book_.show(old.get());
    book_.show(old_page.get());
    ASSERT_EQ(book_.take(young), SH_OK);
    ASSERT_EQ(book_.take(young_page), SH_OK);
    EXPECT_EQ(at("/a"), old.get()) << "it has not started yet";
    book_.show(young.get());
    book_.show(young_page.get());
    EXPECT_EQ(at("/a"), young.get());
    EXPECT_EQ(at("/page"), young_page.get());
    book_.drop(old.get());
    book_.drop(old_page.get());
    EXPECT_EQ(at("/a"), young.get());
    EXPECT_EQ(at("/page"), young_page.get());
}

TEST_F(RouteBookTest, OneInstanceMayNotTakeAPathTwice) {
    ASSERT_EQ(book_.take(websocket(one_, "/a")), SH_OK);
    EXPECT_EQ(book_.take(websocket(one_, "/a")), SH_CONFLICT);
    ASSERT_EQ(book_.take(http(one_, "/b")), SH_OK);
    EXPECT_EQ(book_.take(http(one_, "/b")), SH_CONFLICT);
}

TEST_F(RouteBookTest, WhatDiffersInMethodListenerOrReachDoesNotCollide) {
    ASSERT_EQ(book_.take(http(one_, "/a")), SH_OK);
    EXPECT_EQ(book_.take(http(other_, "/a", net::only(net::HttpMethod::kPost))), SH_OK);
    EXPECT_EQ(book_.take(http(other_, "/a", net::only(net::HttpMethod::kGet), SH_LISTENER_ADMIN)), SH_OK);
    EXPECT_EQ(book_.take(http(other_, "/a/")), SH_OK);
    EXPECT_EQ(book_.take(http(other_, "/a")), SH_CONFLICT);
}

TEST_F(RouteBookTest, AWebSocketIsAGetOfThePublicListener) {
    ASSERT_EQ(book_.take(websocket(one_, "/a")), SH_OK);
    EXPECT_EQ(book_.take(http(other_, "/a")), SH_CONFLICT);
    EXPECT_EQ(book_.take(http(other_, "/a", net::only(net::HttpMethod::kPost))), SH_OK);
    EXPECT_EQ(book_.take(http(other_, "/a", net::only(net::HttpMethod::kGet), SH_LISTENER_ADMIN)), SH_OK);
    ASSERT_EQ(book_.take(http(one_, "/b")), SH_OK);
    EXPECT_EQ(book_.take(websocket(other_, "/b")), SH_CONFLICT);
}

TEST_F(RouteBookTest, APathThatNoRouterTakesIsRefused) {
    for (const char* path : {"", "a", "/a b", "/a?b", "/a#b", "/\xc3\xa4"}) {
        EXPECT_EQ(book_.take(websocket(one_, path)), SH_INVALID) << path;
        EXPECT_EQ(book_.take(http(one_, path)), SH_INVALID) << path;
    }
}

TEST_F(RouteBookTest, TheNodesLimitsBoundWhatAPluginAsksFor) {
    const auto route = websocket(one_, "/a");
    ASSERT_EQ(book_.take(route), SH_OK);
    book_.show(route.get());
    ASSERT_EQ(at("/a", {.max_message_bytes = 100, .heartbeat_ms = 1'000}), route.get());
    EXPECT_EQ(table_->endpoints.front()->max_message_bytes, 100u);
    EXPECT_EQ(table_->endpoints.front()->heartbeat_ms, 1'000u);
    ASSERT_EQ(at("/a", {.max_message_bytes = 5'000, .heartbeat_ms = 60'000}), route.get());
    EXPECT_EQ(table_->endpoints.front()->max_message_bytes, 1'000u);
    EXPECT_EQ(table_->endpoints.front()->heartbeat_ms, 25'000u);
}

TEST_F(RouteBookTest, ATransportThatIsOffSaysSoAndServesNothing) {
    const auto socket = websocket(one_, "/a");
    const auto page = http(one_, "/b");
    auto stream = std::make_shared<ExchangeRoute>();
    stream->instance = one_;
    stream->path = "/c";
    stream->methods = net::only(net::HttpMethod::kGet);
    stream->has_streams = true;
    ASSERT_EQ(book_.take(socket), SH_OK);
    ASSERT_EQ(book_.take(page), SH_OK);
    ASSERT_EQ(book_.take(stream), SH_OK);
    for (const void* route : {static_cast<const void*>(socket.get()), static_cast<const void*>(page.get()),
                              static_cast<const void*>(stream.get())})
        book_.show(route);
    const auto off = [this](const char* path, const ListenerOptions& listener) -> const net::Endpoint& {
        table_ = book_.table(listener, {});
        return *static_cast<const net::Endpoint*>(table_->router.find("GET", path).handler);
    };
    const ListenerOptions no_websocket{.name = "public", .websocket = false};
    const ListenerOptions no_http{.name = "public", .http = false};
    const ListenerOptions no_sse{.name = "public", .sse = false};
    EXPECT_EQ(off("/a", no_websocket).kind, net::Endpoint::Kind::kOff);
    EXPECT_EQ(off("/b", no_websocket).kind, net::Endpoint::Kind::kHttp);
    EXPECT_EQ(off("/b", no_http).kind, net::Endpoint::Kind::kOff);
    EXPECT_FALSE(off("/c", no_http).off_calls.empty());
    EXPECT_TRUE(off("/c", no_http).off_streams.empty());
    EXPECT_FALSE(off("/c", no_sse).off_streams.empty());
    EXPECT_TRUE(off("/c", no_sse).off_calls.empty());
    EXPECT_FALSE(off("/a", {.name = "public"}).compresses);
    EXPECT_TRUE(off("/a", {.name = "public", .compression = true}).compresses);
}

TEST_F(RouteBookTest, TheAdminListenerHasItsOwn) {
    const auto route = http(one_, "/health", net::only(net::HttpMethod::kGet), SH_LISTENER_ADMIN);
    ASSERT_EQ(book_.take(route), SH_OK);
    int status = 0;
    EXPECT_EQ(book_.find_admin("GET", "/health", status), nullptr);
    EXPECT_EQ(status, 404);
    book_.show(route.get());
    EXPECT_EQ(book_.find_admin("GET", "/health", status), route);
    EXPECT_EQ(book_.find_admin("POST", "/health", status), nullptr);
    EXPECT_EQ(status, 405);
    EXPECT_EQ(at("/health"), nullptr);
}

}  // namespace
}  // namespace streamhost::bridge
