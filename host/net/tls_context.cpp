#include "net/tls_context.hpp"

#include <array>
#include <ctime>
#include <new>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "tls/error.hpp"

namespace streamhost::net {

namespace {

constexpr const char* kSuites12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kSessions[] = "streamhost";
constexpr std::size_t kTicketKeyBytes = 80;  // what OpenSSL 3 takes: name, MAC key, cipher key

// The list of the client, each name behind its length.
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int size, void* /*argument*/) {
    static constexpr unsigned char kOurs[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(&chosen, out_size, kOurs, sizeof(kOurs) - 1, offered, size);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

std::int64_t unix_seconds(const ASN1_TIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<std::int64_t>(::timegm(&parts)) : 0;
}

}  // namespace

TlsServerContext::TlsServerContext(const TlsServerOptions& options)
    : context_(SSL_CTX_new(TLS_server_method())) {
    if (!context_) throw std::bad_alloc();
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_min_proto_version(context,
                                  options.least == TlsVersion::k13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, kSuites12);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Released buffers: an idle connection must not hold 34 KiB of them. No partial writes: what a call takes
    // is gone or kept as a whole (SecureSocket).
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets: the client keeps its session
    SSL_CTX_set_session_id_context(context, kSessions, sizeof(kSessions) - 1);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    take_certificate(options);
}

void TlsServerContext::keep_tickets_of(const TlsServerContext& former) {
    std::array<unsigned char, kTicketKeyBytes> keys;
    if (SSL_CTX_get_tlsext_ticket_keys(former.get(), keys.data(), keys.size()) == 1)
        SSL_CTX_set_tlsext_ticket_keys(get(), keys.data(), keys.size());
    OPENSSL_cleanse(keys.data(), keys.size());
}

void TlsServerContext::take_certificate(const TlsServerOptions& options) {
    SSL_CTX* const context = context_.get();
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) != 1)
        tls::refuse("certificate", options.certificate_file);
    if (SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        tls::refuse("key", options.key_file);
    if (SSL_CTX_check_private_key(context) != 1)
        throw std::runtime_error("TLS: the key '" + options.key_file + "' is not that of the certificate '" +
                                 options.certificate_file + "'");
    const X509* certificate = SSL_CTX_get0_certificate(context);
    ends_at_s_ = unix_seconds(X509_get0_notAfter(certificate));
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        throw std::runtime_error("TLS: the certificate '" + options.certificate_file + "' has ended");
}

}  // namespace streamhost::net
