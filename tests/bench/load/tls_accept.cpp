// tls-accept: connections that shake hands in TLS 1.3, upgrade, and go: whole handshakes, no tickets. One
// after the other, as it is the server's CPU that counts.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <memory>
#include <string>

#include <openssl/ssl.h>
#include <unistd.h>

#include "dialect.hpp"
#include "failure.hpp"
#include "pace.hpp"
#include "run.hpp"
#include "text.hpp"
#include "ws_client.hpp"

namespace streamhost::load {
namespace {

constexpr timeval kMost{.tv_sec = 10, .tv_usec = 0};  // for any step

// A blocking connection that is reset in the end, so that no port is left waiting.
class Socket {
public:
    explicit Socket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const linger hard{.l_onoff = 1, .l_linger = 0};
        const int on = 1;
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        (void)::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        (void)::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kMost, sizeof(kMost));
        (void)::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0)
            throw Failure("connect");
    }
    ~Socket() { ::close(fd_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

void upgrade(SSL* ssl, const Target& target, std::uint64_t number) {
    const std::string key = random_key(number);
    const std::string request = upgrade_request(target.host, target.path, target.subprotocol, key);
    if (SSL_write(ssl, request.data(), static_cast<int>(request.size())) <= 0) throw Failure("TLS: write");
    std::string answer;
    while (answer.empty() || read_upgrade(answer, key) == 0) {
        std::array<char, 4096> buffer{};
        const int size = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
        if (size <= 0) throw Failure("TLS: no answer to an upgrade");
        answer.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

void shake_hands(SSL_CTX* context, const Target& target, std::uint64_t number, Histogram& latency) {
    const std::int64_t from_ns = now_ns();
    const Socket socket(target.port);
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context), &SSL_free);
    SSL_set_fd(ssl.get(), socket.get());
    if (SSL_connect(ssl.get()) != 1) throw Failure("TLS: no handshake");
    latency.record(now_ns() - from_ns);
    upgrade(ssl.get(), target, number);
}

}  // namespace

Run run_tls_accept(Setting& setting) {
    const std::uint64_t connections = setting.parameters.number("connections", 2'000);
    const std::string dialect = setting.parameters.choice("dialect", dialect_names());
    setting.parameters.finish();
    Contents contents(1, kLeastTextBytes, false);
    make_dialect(dialect, {.role = Role::kEcho}, contents)->aim(setting.target);
    // The certificate is one that the benchmark made for itself.
    const Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    Run run;
    run.scenario = "tls-accept";
    run.unit = "handshakes";
    Histogram warm;
    Histogram latency;
    for (std::uint64_t number = 0; number < connections / 10; ++number)
        shake_hands(context.get(), setting.target, number, warm);
    Meter meter(setting);
    meter.start();
    for (std::uint64_t number = 0; number < connections; ++number)
        shake_hands(context.get(), setting.target, number, latency);
    meter.stop(run);
    run.count = latency.count();
    run.latencies.emplace_back("connect_to_secure", latency);
    return run;
}

}  // namespace streamhost::load
