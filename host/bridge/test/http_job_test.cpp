#include "bridge/http_job.hpp"

#include <future>

#include <Poco/Net/StreamSocket.h>
#include <gtest/gtest.h>

#include "bridge/delivery_hub.hpp"
#include "bridge/loop_transport.hpp"
#include "bridge/test/fixture.hpp"
#include "net/listen_address.hpp"

namespace streamhost::bridge {
namespace {

/// A handler that says when it began and ends when the test lets it.
struct Slow {
    std::promise<void> began;
    std::promise<void> may_end;

    static sh_status handle(void* self, const sh_http_request*, sh_http_response*) {
        auto& slow = *static_cast<Slow*>(self);
        slow.began.set_value();
        slow.may_end.get_future().wait();
        return SH_OK;
    }
};

std::shared_ptr<HttpRoute> route_to(Slow& slow, std::shared_ptr<control::Instance> plugin) {
    auto route = std::make_shared<HttpRoute>();
    route->instance = std::move(plugin);
    route->path = "/slow";
    route->methods = net::only(net::HttpMethod::kGet);
    route->listeners = SH_LISTENER_PUBLIC;
    route->timeout_ms = 10'000;
    route->handler = &Slow::handle;
    route->self = &slow;
    return route;
}

TEST(HttpJob, AHandlerThatOutlivesTheTransportAnswersNobody) {
    Slow slow;
    test::Fixture fixture;
    test::Script script;
    const auto plugin = fixture.make(script, "slow");
    auto transport =
        std::make_unique<TransportHub>(fixture.house, TransportOptions{.listeners = {{.name = "public"}}});
    fixture.house.transport = transport.get();
    DeliveryHub delivery(fixture.house, {});
    fixture.house.delivery = &delivery;
    transport->create();
    auto sockets = net::listen_on(net::parse_address("127.0.0.1:0"), 1, 1);
    const Poco::Net::SocketAddress address = sockets.front().address();
    ASSERT_EQ(transport->add_http(route_to(slow, plugin), nullptr), SH_OK);
    plugin->handles().open();
    transport->listen(0, std::move(sockets));
    fixture.settle();

    Poco::Net::StreamSocket client(address);
    const std::string request = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";
    ASSERT_EQ(client.sendBytes(request.data(), static_cast<int>(request.size())),
              static_cast<int>(request.size()));
    auto began = slow.began.get_future();
    for (int round = 0; round < 1'000 && fixture.short_pool.stats().running == 0; ++round)
        fixture.loops.loop(0).run_once(10);
    ASSERT_EQ(began.wait_for(std::chrono::seconds(10)), std::future_status::ready);

    fixture.loops.loop(0).request_stop(0);
    static_cast<void>(fixture.loops.loop(0).run());
    static_cast<void>(plugin->handles().close());
    transport.reset();
    slow.may_end.set_value();
    EXPECT_TRUE(fixture.short_pool.stop(10'000).running.empty());
    EXPECT_EQ(fixture.short_pool.stats().done, 1u);
    char byte = 0;
    EXPECT_EQ(client.receiveBytes(&byte, 1), 0) << "the connection ended without an answer";
}

}  // namespace
}  // namespace streamhost::bridge
