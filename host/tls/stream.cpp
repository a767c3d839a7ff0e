#include "tls/stream.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <new>

#include <openssl/err.h>

#include "tls/error.hpp"

namespace streamhost::tls {

namespace {

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

}  // namespace

Stream::Stream(SSL_CTX* context, int fd) : ssl_(SSL_new(context)) {
    BIO* bio = ssl_ ? BIO_new(socket_method()) : nullptr;
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
}

IoResult Stream::handshake() {
    ERR_clear_error();
    return result_of(SSL_do_handshake(ssl_.get()), 0);
}

IoResult Stream::read(void* into, std::size_t size) {
    ERR_clear_error();
    std::size_t got = 0;
    const int code = SSL_read_ex(ssl_.get(), into, size, &got);
    return result_of(code, got);
}

IoResult Stream::write(const void* from, std::size_t size) {
    ERR_clear_error();
    std::size_t put = 0;
    const int code = SSL_write_ex(ssl_.get(), from, size, &put);
    return result_of(code, put);
}

// Not after a fatal error, and not in the middle of a handshake: OpenSSL forbids the one and fails the other.
void Stream::end() noexcept {
    if (is_broken_ || SSL_is_init_finished(ssl_.get()) == 0) return;
    ERR_clear_error();
    (void)SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

IoResult Stream::result_of(int code, std::size_t size) {
    wants_write_ = false;
    if (code == 1) return {IoState::kDone, size};
    const int error = SSL_get_error(ssl_.get(), code);
    if (error == SSL_ERROR_WANT_READ) return {IoState::kAgain, 0};
    if (error == SSL_ERROR_WANT_WRITE) {
        wants_write_ = true;
        return {IoState::kAgain, 0};
    }
    if (error == SSL_ERROR_ZERO_RETURN) return {IoState::kEnd, 0};
    is_broken_ = true;
    if (error == SSL_ERROR_SYSCALL) {
        error_ = errno == 0 ? "" : std::strerror(errno);
        return {IoState::kEnd, 0};
    }
    const int reason = ERR_GET_REASON(ERR_peek_error());
    was_plain_http_ = reason == SSL_R_HTTP_REQUEST;
    const long verified = SSL_get_verify_result(ssl_.get());
    const std::string text = last_error();
    error_ = "TLS: " + (verified == X509_V_OK ? text : X509_verify_cert_error_string(verified));
    return {IoState::kEnd, 0};
}

}  // namespace streamhost::tls
