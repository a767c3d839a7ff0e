#include "redis/client/tls.hpp"

#include <arpa/inet.h>

#include <new>

#include <openssl/x509v3.h>

#include "tls/error.hpp"

namespace streamhost::redis {

namespace {

bool is_number(const std::string& host) {
    unsigned char bytes[16];
    return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

TlsContext::TlsContext(const TlsOptions& options)
    : options_(options), context_(SSL_CTX_new(TLS_client_method())) {
    if (!context_) throw std::bad_alloc();
    SSL_CTX* context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(context, options.verify == TlsVerify::kNothing ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       nullptr);
    if (options.ca_file.empty())
        SSL_CTX_set_default_verify_paths(context);
    else if (SSL_CTX_load_verify_locations(context, options.ca_file.c_str(), nullptr) != 1)
        tls::refuse("file of authorities", options.ca_file);
    if (options.cert_file.empty()) return;
    if (SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1)
        tls::refuse("certificate", options.cert_file);
    const std::string& key = options.key_file.empty() ? options.cert_file : options.key_file;
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) tls::refuse("key", key);
}

tls::Stream connect_tls(const TlsContext& context, int fd, const std::string& host) {
    tls::Stream stream(context.get(), fd);
    SSL* const session = stream.session();
    const std::string& name = context.options().server_name.empty() ? host : context.options().server_name;
    if (!is_number(name)) SSL_set_tlsext_host_name(session, name.c_str());
    if (context.options().verify == TlsVerify::kServerName) {
        if (is_number(name))
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name.c_str());
        else
            SSL_set1_host(session, name.c_str());
    }
    SSL_set_connect_state(session);
    return stream;
}

}  // namespace streamhost::redis
