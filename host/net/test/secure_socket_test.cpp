// The server's side of TLS over a pair of sockets, with OpenSSL's own client at the other end.
#include "net/secure_socket.hpp"

#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <unistd.h>

namespace streamhost::net {
namespace {

constexpr long kHour = 3'600;

struct FreeSession {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using Session = std::unique_ptr<SSL_SESSION, FreeSession>;

class Client {
public:
    explicit Client(int fd, const std::string& protocol = {}, SSL_SESSION* session = nullptr)
        : context_(SSL_CTX_new(TLS_client_method())), stream_(context_.get(), fd) {
        if (!protocol.empty()) {
            const std::string list = static_cast<char>(protocol.size()) + protocol;
            SSL_set_alpn_protos(ssl(), reinterpret_cast<const unsigned char*>(list.data()),
                                static_cast<unsigned>(list.size()));
        }
        if (session != nullptr) SSL_set_session(ssl(), session);
        SSL_set_connect_state(ssl());
    }
    tls::Stream& stream() { return stream_; }
    [[nodiscard]] SSL* ssl() const { return stream_.session(); }
    // What one call brings.
    std::string read() {
        std::string text(40'000, '\0');
        const tls::IoResult got = stream_.read(text.data(), text.size());
        text.resize(got.size);
        return text;
    }
    bool write(const std::string& text) {
        return stream_.write(text.data(), text.size()).state == tls::IoState::kDone;
    }

private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    std::unique_ptr<SSL_CTX, Free> context_;
    tls::Stream stream_;
};

class SecureSocketTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "streamhost-tls-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
        make_pair("a", kHour);
        connect();
    }
    void TearDown() override {
        disconnect();
        std::filesystem::remove_all(folder_);
    }

    // A certificate that ends in so many seconds, and its key.
    void make_pair(const std::string& name, long left_s) {
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -7'200);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), left_s);
        X509_set_pubkey(certificate.get(), key.get());
        ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
        write(name + ".crt", [&](FILE* to) { return PEM_write_X509(to, certificate.get()); });
        write(name + ".key", [&](FILE* to) {
            return PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    template <typename Write>
    void write(const std::string& name, const Write& write) {
        const std::unique_ptr<FILE, decltype(&std::fclose)> to(std::fopen(file(name).c_str(), "w"),
                                                               std::fclose);
        ASSERT_EQ(write(to.get()), 1) << name;
    }
    [[nodiscard]] std::string file(const std::string& name) const { return (folder_ / name).string(); }
    [[nodiscard]] TlsServerOptions options(const std::string& name = "a") const {
        return {file(name + ".crt"), file(name + ".key")};
    }

    void connect() { ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_), 0); }
    void disconnect() {
        ::close(fds_[0]);
        ::close(fds_[1]);
    }
    // Until both are done, or one gives up.
    bool shake(SecureSocket& server, Client& client) {
        for (int turn = 0; turn < 10; ++turn) {
            const tls::IoState state = client.stream().handshake().state;
            if (server.receive(buffer_) < 0 || state == tls::IoState::kEnd) return false;
            if (state == tls::IoState::kDone && server.is_open()) return true;
        }
        return false;
    }
    Sent send(SecureSocket& server, const std::vector<std::string>& texts) {
        std::vector<iovec> parts;
        for (const std::string& text : texts)
            parts.push_back({const_cast<char*>(text.data()), text.size()});
        return server.send(parts.data(), parts.size(), scratch_);
    }
    // Why the files cannot be used.
    static std::string why_not(const TlsServerOptions& options) {
        try {
            const TlsServerContext context(options);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return {};
    }

    std::filesystem::path folder_;
    int fds_[2] = {-1, -1};
    std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(65'536);
    std::vector<std::uint8_t> scratch_ = std::vector<std::uint8_t>(SecureSocket::kRecordBytes);
};

TEST_F(SecureSocketTest, CarriesBytesBothWays) {
    const TlsServerContext context(options());
    SecureSocket server(context, fds_[0]);
    Client client(fds_[1]);
    ASSERT_TRUE(shake(server, client));
    EXPECT_FALSE(server.is_resumed());
    ASSERT_TRUE(client.write("from the client"));
    ASSERT_EQ(server.receive(buffer_), 15);
    EXPECT_EQ(std::string(buffer_.begin(), buffer_.begin() + 15), "from the client");
    EXPECT_EQ(server.receive(buffer_), 0);
    EXPECT_EQ(send(server, {"from ", "the ", "server"}).taken, 15u);
    EXPECT_EQ(client.read(), "from the server") << "parts are one record";
}

TEST_F(SecureSocketTest, WhatTheSocketDoesNotTakeIsKeptAndGoesFirst) {
    const TlsServerContext context(options());
    SecureSocket server(context, fds_[0]);
    Client client(fds_[1]);
    ASSERT_TRUE(shake(server, client));
    std::string said;
    Sent sent;
    for (int index = 0; !sent.is_blocked; ++index) {
        const std::string text(20'000, static_cast<char>('a' + index % 26));
        sent = send(server, {text.substr(0, 3), text.substr(3)});
        ASSERT_FALSE(sent.is_gone);
        said += text.substr(0, sent.taken);
        ASSERT_LT(index, 1'000) << "never blocked";
    }
    EXPECT_TRUE(server.has_kept());
    EXPECT_TRUE(send(server, {"not yet"}).is_blocked);
    std::string heard;
    const auto hear = [&] {
        for (std::string part = client.read(); !part.empty(); part = client.read())
            heard += part;
    };
    while (server.has_kept()) {
        hear();
        ASSERT_FALSE(send(server, {}).is_gone);
    }
    EXPECT_EQ(send(server, {"later"}).taken, 5u);
    hear();
    EXPECT_EQ(heard, said + "later") << "each byte once, in the order in which it was taken";
}

TEST_F(SecureSocketTest, ATicketOutlivesTheCertificate) {
    auto first = std::make_unique<TlsServerContext>(options());
    Session ticket;
    {
        SecureSocket server(*first, fds_[0]);
        Client client(fds_[1]);
        ASSERT_TRUE(shake(server, client));
        send(server, {"x"});
        ASSERT_EQ(client.read(), "x");
        ticket.reset(SSL_get1_session(client.ssl()));
        client.stream().end();  // OpenSSL forgets the session of a connection that was cut
    }
    make_pair("b", kHour);
    TlsServerContext second(options("b"));
    second.keep_tickets_of(*first);
    first.reset();
    disconnect();
    connect();
    SecureSocket server(second, fds_[0]);
    Client client(fds_[1], {}, ticket.get());
    ASSERT_TRUE(shake(server, client));
    EXPECT_TRUE(server.is_resumed());
}

TEST_F(SecureSocketTest, SpeaksHttp11AndNothingElse) {
    const TlsServerContext context(options());
    {
        SecureSocket server(context, fds_[0]);
        Client client(fds_[1], "http/1.1");
        ASSERT_TRUE(shake(server, client));
        const unsigned char* chosen = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(client.ssl(), &chosen, &size);
        EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
    }
    disconnect();
    connect();
    SecureSocket server(context, fds_[0]);
    Client client(fds_[1], "h2");
    EXPECT_FALSE(shake(server, client));
    EXPECT_TRUE(server.has_failed());
}

TEST_F(SecureSocketTest, KnowsPlainHttpAndSilence) {
    const TlsServerContext context(options());
    SecureSocket server(context, fds_[0]);
    EXPECT_EQ(server.receive(buffer_), 0);
    const std::string request = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
    ASSERT_EQ(::send(fds_[1], request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    EXPECT_EQ(server.receive(buffer_), -1);
    EXPECT_TRUE(server.was_plain_http());
    EXPECT_TRUE(server.has_failed());

    disconnect();
    connect();
    SecureSocket probed(context, fds_[0]);
    ::shutdown(fds_[1], SHUT_RDWR);
    EXPECT_EQ(probed.receive(buffer_), -1);
    EXPECT_FALSE(probed.has_failed()) << "a balancer that looks whether the port is open";
}

TEST_F(SecureSocketTest, AClientThatLeavesRightAfterTheHandshakeHasNotFailed) {
    const TlsServerContext context(options());
    SecureSocket server(context, fds_[0]);
    Client client(fds_[1]);
    ASSERT_EQ(client.stream().handshake().state, tls::IoState::kAgain);
    ASSERT_EQ(server.receive(buffer_), 0);
    EXPECT_FALSE(server.is_shaken());
    ASSERT_EQ(client.stream().handshake().state, tls::IoState::kDone);
    ::shutdown(fds_[1], SHUT_RDWR);
    EXPECT_EQ(server.receive(buffer_), -1);
    EXPECT_TRUE(server.is_shaken());
    EXPECT_FALSE(server.has_failed());
}

TEST_F(SecureSocketTest, VersionsBelowTheLeastAreRefused) {
    TlsServerOptions strict = options();
    strict.least = TlsVersion::k13;
    const TlsServerContext context(strict);
    SecureSocket server(context, fds_[0]);
    Client client(fds_[1]);
    SSL_set_max_proto_version(client.ssl(), TLS1_2_VERSION);
    EXPECT_FALSE(shake(server, client));
}

TEST_F(SecureSocketTest, FilesThatCannotBeUsedAreNamed) {
    make_pair("b", kHour);
    make_pair("old", -kHour);
    EXPECT_EQ(why_not(options()), "");
    EXPECT_NE(why_not({file("none.crt"), file("a.key")}).find("none.crt' cannot be used"), std::string::npos);
    EXPECT_NE(why_not({file("a.crt"), file("none.key")}).find("none.key' cannot be used"), std::string::npos);
    EXPECT_NE(why_not({file("a.crt"), file("b.key")}).find("b.key"), std::string::npos);
    EXPECT_NE(why_not(options("old")).find("has ended"), std::string::npos);
}

}  // namespace
}  // namespace streamhost::net
