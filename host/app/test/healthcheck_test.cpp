#include "app/healthcheck.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <gtest/gtest.h>

namespace streamhost::app {
namespace {

/// Answers one request with a text, on a port of its own.
class Answering {
public:
    explicit Answering(std::string text)
        : socket_(Poco::Net::SocketAddress("127.0.0.1", 0)), thread_([this, said = std::move(text)] {
              Poco::Net::StreamSocket client = socket_.acceptConnection();
              char request[4096];
              const int size = client.receiveBytes(request, sizeof(request));
              heard_.assign(request, static_cast<std::size_t>(std::max(size, 0)));
              try {
                  client.sendBytes(said.data(), static_cast<int>(said.size()));
                  client.shutdownSend();
                  (void)client.receiveBytes(request, sizeof(request));  // until it is closed
              } catch (const Poco::Exception&) {                        // it had heard enough
                  client.close();
              }
          }) {}
    ~Answering() {
        if (thread_.joinable()) thread_.join();
    }
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;

    [[nodiscard]] std::string url(const std::string& path) const {
        return "http://" + socket_.address().toString() + path;
    }
    std::string heard() {
        thread_.join();
        return heard_;
    }

private:
    Poco::Net::ServerSocket socket_;
    std::string heard_;
    std::thread thread_;
};

struct Result {
    int code;
    std::string out;
    std::string err;
};
Result check(const std::string& url) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = healthcheck(url, 5'000, out, err);
    return {code, out.str(), err.str()};
}

TEST(Healthcheck, Status200IsHealthy) {
    Answering node("HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"status\":\"ok\"}\n");
    const Result result = check(node.url("/health/ready?x=1"));
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.out, "streamhost: healthy: 200 ok\n");
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(node.heard().rfind("GET /health/ready?x=1 HTTP/1.1\r\n", 0), 0U);
}

TEST(Healthcheck, AnyOtherStatusIsNot) {
    Answering node("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 21\r\n\r\n{\"status\":\"draining\"}");
    const Result result = check(node.url("/health/ready"));
    EXPECT_EQ(result.code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "streamhost: unhealthy: 503 draining\n");
}

TEST(Healthcheck, ReasonsComeFirstHoweverLongTheReportIs) {
    const std::string body = R"({"status":"degraded","plugins":[{"name":")" + std::string(2'000, 'x') +
                             R"("}],"reasons":["1 run waits for a worker","the store is away"]})";
    Answering node("HTTP/1.1 503 Service Unavailable\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n\r\n" + body);
    EXPECT_EQ(check(node.url("/health")).err,
              "streamhost: unhealthy: 503 degraded: 1 run waits for a worker; the store is away\n");
}

TEST(Healthcheck, OneShortLineWhateverIsSaid) {
    Answering node("HTTP/1.1 200 OK\r\n\r\n\x1b[31m" + std::string(100'000, 'x'));
    const Result result = check(node.url("/"));
    EXPECT_EQ(result.out, "streamhost: healthy: 200 [31m" + std::string(496, 'x') + "\n");
}

TEST(Healthcheck, NobodyThereIsUnhealthy) {
    Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
    const std::string url = "http://" + socket.address().toString() + "/";
    socket.close();
    const Result result = check(url);
    EXPECT_EQ(result.code, 1);
    EXPECT_NE(result.err.find("refused"), std::string::npos) << result.err;
    EXPECT_EQ(check("no address").code, 1);
}

TEST(HealthcheckDeathTest, SilenceEndsIt) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));  // accepts nobody
    std::ostringstream nowhere;
    EXPECT_EXIT((void)healthcheck("http://" + socket.address().toString() + "/", 100, nowhere, nowhere),
                testing::ExitedWithCode(1), "no answer in time");
}

}  // namespace
}  // namespace streamhost::app
