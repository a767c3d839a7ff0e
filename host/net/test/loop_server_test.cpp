#include "net/loop_server.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <Poco/Net/StreamSocket.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "net/connection.hpp"
#include "net/listen_address.hpp"

namespace streamhost::net {
namespace {

/// Nobody comes as far as that here.
class Unused final : public ConnectionEvents {
public:
    Outbox& make_outbox(Connection& /*connection*/, const Endpoint& /*endpoint*/) override { std::abort(); }
    void opened(Connection& /*connection*/, const Endpoint& /*endpoint*/, const HttpHead& /*head*/,
                std::string_view /*subprotocol*/) override {}
    void message(Connection& /*connection*/, bool /*binary*/,
                 std::span<const std::uint8_t> /*data*/) override {}
    void closed(Connection& /*connection*/, std::uint16_t /*code*/, std::string_view /*reason*/) override {}
    void writable(Connection& /*connection*/) override {}
    void request(Connection& /*connection*/, const Endpoint& /*endpoint*/, const HttpHead& /*head*/,
                 std::string_view /*body*/) override {}
};

unsigned option(int fd, int name) {
    unsigned value = 0;
    socklen_t size = sizeof(value);
    EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, name, &value, &size), 0);
    return value;
}

class LoopServerTest : public testing::Test {
protected:
    /// What the socket of a new client has of the option.
    unsigned of_next(int name) {
        const Poco::Net::StreamSocket client(address_);
        while (accepted_ < 0)
            loop_.run_once(100);
        const unsigned value = option(accepted_, name);
        ::close(std::exchange(accepted_, -1));
        return value;
    }

    runtime::SystemClock clock_;
    runtime::Loop loop_{clock_, {}};
    ServerCounters counters_;
    Unused events_;
    LoopServer server_{loop_, 0, {}, counters_, events_};
    Poco::Net::SocketAddress address_;
    int accepted_ = -1;

    void SetUp() override {
        ListenSocket socket = listen_on(Poco::Net::SocketAddress("127.0.0.1:0"), 1, 16).front();
        address_ = socket.address();
        server_.listen(0, socket, [this](const Accepted& accepted) { accepted_ = accepted.fd; });
    }
};

TEST_F(LoopServerTest, WhoIsAcceptedHasItsOptionsFromTheListeningSocket) {
    EXPECT_EQ(of_next(TCP_NODELAY), 1U);
    EXPECT_EQ(of_next(TCP_USER_TIMEOUT), ServerLimits{}.send_timeout_ms);
}

TEST_F(LoopServerTest, NewLimitsAreThoseOfWhoComesNext) {
    ServerLimits limits;
    limits.send_timeout_ms = 1'234;
    server_.set_limits(limits);
    EXPECT_EQ(of_next(TCP_USER_TIMEOUT), 1'234U);
}

}  // namespace
}  // namespace streamhost::net
