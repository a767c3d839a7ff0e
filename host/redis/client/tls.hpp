#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "tls/stream.hpp"

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

// TLS 1.2 or later to the server `host`, over a connected socket. [store]
[[nodiscard]] tls::Stream connect_tls(const TlsContext& context, int fd, const std::string& host);

}  // namespace streamhost::redis
