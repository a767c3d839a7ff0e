#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <openssl/ssl.h>

namespace streamhost::net {

enum class TlsVersion : std::uint8_t { k12 = 1, k13 };

struct TlsServerOptions {
    std::string certificate_file;  ///< PEM: the server's own, then those between it and its authority
    std::string key_file;          ///< PEM, without a passphrase
    TlsVersion least = TlsVersion::k12;
};

/// The problem: certificates end every few weeks, and whoever has to restart a server for that loses every
/// connection.
///
/// What the TLS connections of one listener have in common. Immutable: a new certificate is a new context,
/// which those that come from then on get. Tickets let clients come back without a whole handshake (RFC 8446
/// 2.2), on any loop. Only suites with forward secrecy and authenticated encryption; of application protocols
/// (RFC 7301) only http/1.1. [any]
class TlsServerContext {
public:
    /// Throws std::runtime_error that names the file and what is wrong with it: unreadable, no PEM, a key
    /// that is not the certificate's, a certificate that has ended.
    explicit TlsServerContext(const TlsServerOptions& options);
    /// Tickets of the former context stay good. Before connections use this one.
    void keep_tickets_of(const TlsServerContext& former);

    [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }
    /// When the certificate ends, Unix seconds.
    [[nodiscard]] std::int64_t ends_at_s() const noexcept { return ends_at_s_; }

private:
    void take_certificate(const TlsServerOptions& options);

    struct Free {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };
    std::unique_ptr<SSL_CTX, Free> context_;
    std::int64_t ends_at_s_ = 0;
};
using TlsServerContextPtr = std::shared_ptr<const TlsServerContext>;

}  // namespace streamhost::net
