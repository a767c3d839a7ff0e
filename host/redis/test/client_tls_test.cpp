// The client over TLS, with an authority made for the test.
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "support/client_rig.hpp"
#include "support/loopback.hpp"
#include "support/redis_process.hpp"

namespace streamhost::redis {
namespace {

class ClientTlsTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::ofstream(file("san")) << "subjectAltName=DNS:redis.example,IP:127.0.0.1\n";
        run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca "
            "-keyout " +
            file("ca.key") + " -out " + file("ca.crt"));
        run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=redis -keyout " +
            file("redis.key") + " -out " + file("redis.csr"));
        run("openssl x509 -req -days 2 -CAcreateserial -in " + file("redis.csr") + " -CA " + file("ca.crt") +
            " -CAkey " + file("ca.key") + " -extfile " + file("san") + " -out " + file("redis.crt"));
        run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other "
            "-keyout " +
            file("other.key") + " -out " + file("other.crt"));
        port_ = free_port();
        server_ = std::make_unique<RedisProcess>(std::vector<std::string>{
            "tls-port " + std::to_string(port_), "tls-cert-file " + file("redis.crt"),
            "tls-key-file " + file("redis.key"), "tls-ca-cert-file " + file("ca.crt"),
            "tls-auth-clients yes"});
    }
    static void run(const std::string& command) {
        ASSERT_EQ(std::system((command + " 2>/dev/null").c_str()), 0) << command;
    }
    [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
    [[nodiscard]] ClientOptions options() const {
        ClientOptions options;
        options.address = {"127.0.0.1", port_};
        options.server.tls = TlsOptions{
            .ca_file = file("ca.crt"), .cert_file = file("redis.crt"), .key_file = file("redis.key")};
        return options;
    }

    TestFolder folder_;
    TestLoop loop_;
    std::uint16_t port_ = 0;
    std::unique_ptr<RedisProcess> server_;
};

TEST_F(ClientTlsTest, CarriesSmallAndLargeAnswersAndSubscriptions) {
    ClientRig rig(loop_, options());
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_EQ(rig.call({"PING"}), "PONG");
    std::string large(3'000'000, 'x');
    for (std::size_t at = 0; at < large.size(); at += 1'000)
        large[at] = static_cast<char>('a' + at / 1'000 % 26);
    EXPECT_EQ(rig.call({"SET", "large", large}), "OK");
    EXPECT_EQ(rig.call({"GET", "large"}), large);
    EXPECT_EQ(rig.listen(ListenTo::kChannel, "c"), "ok");
    EXPECT_EQ(server_->ask({"PUBLISH", "c", "hello"}), "1");
    ASSERT_TRUE(rig.await([&] { return rig.messages_.size() == 1; }));
}

TEST_F(ClientTlsTest, AcceptsTheNameItWasTold) {
    ClientOptions named = options();
    named.server.tls->server_name = "redis.example";
    ClientRig rig(loop_, named);
    EXPECT_TRUE(rig.await_up()) << rig.all_reports();
}

TEST_F(ClientTlsTest, RefusesAnotherName) {
    ClientOptions named = options();
    named.server.tls->server_name = "another.example";
    ClientRig rig(loop_, named);
    ASSERT_TRUE(rig.await([&] { return rig.told("no TLS with this server") > 0; }));
    rig.turn(300);
    EXPECT_EQ(rig.told("ostname mismatch"), 1U) << rig.all_reports();
    EXPECT_FALSE(rig.is_up_);
}

TEST_F(ClientTlsTest, RefusesAnotherAuthorityUnlessToldToTrustAnybody) {
    ClientOptions stranger = options();
    stranger.server.tls->ca_file = file("other.crt");
    {
        ClientRig rig(loop_, stranger);
        ASSERT_TRUE(rig.await([&] { return rig.told("no TLS with this server") > 0; }));
        EXPECT_FALSE(rig.is_up_);
    }
    stranger.server.tls->verify = TlsVerify::kNothing;
    ClientRig rig(loop_, stranger);
    EXPECT_TRUE(rig.await_up()) << rig.all_reports();
}

TEST_F(ClientTlsTest, AServerWithoutTlsIsToldNotAwaited) {
    ClientOptions plain = options();
    plain.address.port = server_->port();
    ClientRig rig(loop_, plain);
    ASSERT_TRUE(rig.await([&] { return !rig.reports_.empty(); })) << "a message, whatever the reason";
    EXPECT_FALSE(rig.is_up_);
}

TEST_F(ClientTlsTest, AFileThatCannotBeUsedIsNamedAtOnce) {
    ClientOptions broken = options();
    broken.server.tls->ca_file = file("none.crt");
    try {
        const Client client(loop_.loop, broken, {});
        FAIL() << "it must not start";
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(std::string(error.what()), "TLS: the file of authorities '" + file("none.crt") +
                                                 "' cannot be used: No such file or directory");
    }
}

TEST_F(ClientTlsTest, SentinelsHaveTheirOwnTls) {
    const std::uint16_t port = free_port();
    const RedisProcess sentinel(
        {"tls-port " + std::to_string(port), "tls-cert-file " + file("redis.crt"),
         "tls-key-file " + file("redis.key"), "tls-ca-cert-file " + file("ca.crt"),
         "sentinel monitor mymaster 127.0.0.1 " + std::to_string(server_->port()) + " 1"},
        RedisProcess::Kind::kSentinel);
    ClientOptions behind = options();
    behind.sentinel.emplace();
    behind.sentinel->addresses = {{"127.0.0.1", port}};
    behind.sentinel->tls.swap(behind.server.tls);  // the server's port is the plain one
    ClientRig rig(loop_, behind);
    ASSERT_TRUE(rig.await_up()) << rig.all_reports();
    EXPECT_EQ(rig.call({"PING"}), "PONG");
}

}  // namespace
}  // namespace streamhost::redis
