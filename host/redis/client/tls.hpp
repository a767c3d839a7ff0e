#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <openssl/ssl.h>

namespace streamhost::redis {

enum class TlsVerify : std::uint8_t {
    kServerName = 1,  // the chain of certificates, and that the name or number is the server's
    kChain,           // the chain alone
    kNothing,         // anybody; for tests
};

struct TlsOptions {
    std::string ca_file;  // PEM; empty: the system's
    std::string cert_file;
    std::string key_file;
    std::string server_name;  // empty: the host that is connected to
    TlsVerify verify = TlsVerify::kServerName;
};

enum class IoState : std::uint8_t { kDone = 1, kAgain, kEnd };
struct IoResult {
    IoState state = IoState::kAgain;
    std::size_t size = 0;
};

// What many connections share. Throws std::runtime_error that names the file it cannot use.
class TlsContext {
public:
    explicit TlsContext(const TlsOptions& options);
    [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }
    [[nodiscard]] const TlsOptions& options() const noexcept { return options_; }

private:
    struct Free {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };
    TlsOptions options_;
    std::unique_ptr<SSL_CTX, Free> context_;
};

// TLS 1.2 or later over a connected, non-blocking socket, which it does not own. [store]
class TlsStream {
public:
    TlsStream(const TlsContext& context, int fd, const std::string& host);

    [[nodiscard]] IoResult handshake();  // kDone: bytes can pass
    [[nodiscard]] IoResult read(char* into, std::size_t size);
    [[nodiscard]] IoResult write(const char* from, std::size_t size);
    // The last kAgain was about sending.
    [[nodiscard]] bool wants_write() const noexcept { return wants_write_; }
    // Bytes that the socket does not show any more.
    [[nodiscard]] bool has_pending() const noexcept { return SSL_pending(ssl_.get()) > 0; }
    // After kEnd; empty when the other side just ended.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

private:
    struct Free {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };
    IoResult result_of(int code, std::size_t size);

    std::unique_ptr<SSL, Free> ssl_;
    bool wants_write_ = false;
    std::string error_;
};

}  // namespace streamhost::redis
