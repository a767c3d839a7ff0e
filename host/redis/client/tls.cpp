#include "redis/client/tls.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace streamhost::redis {

namespace {

std::string last_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "unknown reason" : reason;
}

[[noreturn]] void refuse(const std::string& what, const std::string& file) {
    throw std::runtime_error("TLS: the " + what + " '" + file + "' cannot be used: " + last_error());
}

// OpenSSL's own socket BIO writes with write(), which ends the process when the other side is gone.
int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }
bool is_for_now(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int write_bio(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t sent = ::send(fd_of(bio), from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && is_for_now(errno)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

int read_bio(BIO* bio, char* into, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t got = ::recv(fd_of(bio), into, static_cast<std::size_t>(size), 0);
    if (got < 0 && is_for_now(errno)) BIO_set_retry_read(bio);
    return static_cast<int>(got);
}

long control_bio(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* socket_method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "streamhost socket");
        if (made == nullptr) throw std::bad_alloc();
        BIO_meth_set_write(made, write_bio);
        BIO_meth_set_read(made, read_bio);
        BIO_meth_set_ctrl(made, control_bio);
        return made;
    }();
    return method;
}

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
        refuse("file of authorities", options.ca_file);
    if (options.cert_file.empty()) return;
    if (SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1)
        refuse("certificate", options.cert_file);
    const std::string& key = options.key_file.empty() ? options.cert_file : options.key_file;
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) refuse("key", key);
}

TlsStream::TlsStream(const TlsContext& context, int fd, const std::string& host)
    : ssl_(SSL_new(context.get())) {
    BIO* bio = ssl_ ? BIO_new(socket_method()) : nullptr;
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    const std::string& name = context.options().server_name.empty() ? host : context.options().server_name;
    if (!is_number(name)) SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
    if (context.options().verify == TlsVerify::kServerName) {
        if (is_number(name))
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), name.c_str());
        else
            SSL_set1_host(ssl_.get(), name.c_str());
    }
    SSL_set_connect_state(ssl_.get());
}

IoResult TlsStream::handshake() {
    ERR_clear_error();
    return result_of(SSL_do_handshake(ssl_.get()), 0);
}

IoResult TlsStream::read(char* into, std::size_t size) {
    ERR_clear_error();
    std::size_t got = 0;
    const int code = SSL_read_ex(ssl_.get(), into, size, &got);
    return result_of(code, got);
}

IoResult TlsStream::write(const char* from, std::size_t size) {
    ERR_clear_error();
    std::size_t put = 0;
    const int code = SSL_write_ex(ssl_.get(), from, size, &put);
    return result_of(code, put);
}

IoResult TlsStream::result_of(int code, std::size_t size) {
    wants_write_ = false;
    if (code == 1) return {IoState::kDone, size};
    const int error = SSL_get_error(ssl_.get(), code);
    if (error == SSL_ERROR_WANT_READ) return {IoState::kAgain, 0};
    if (error == SSL_ERROR_WANT_WRITE) {
        wants_write_ = true;
        return {IoState::kAgain, 0};
    }
    if (error == SSL_ERROR_SYSCALL) {
        error_ = errno == 0 ? "" : std::strerror(errno);
    } else if (error != SSL_ERROR_ZERO_RETURN) {
        const long verified = SSL_get_verify_result(ssl_.get());
        const std::string reason = last_error();
        error_ = "TLS: " + (verified == X509_V_OK ? reason : X509_verify_cert_error_string(verified));
    }
    return {IoState::kEnd, 0};
}

}  // namespace streamhost::redis
