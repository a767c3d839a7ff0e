#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <openssl/ssl.h>

namespace streamhost::tls {

enum class IoState : std::uint8_t { kDone = 1, kAgain, kEnd };
struct IoResult {
    IoState state = IoState::kAgain;
    std::size_t size = 0;
};

/// The problem: OpenSSL's own sockets end the process when the other side is gone, and each of its calls may
/// want to read while it writes, and the other way round.
///
/// TLS over a connected, non-blocking socket, which it does not own. Which side it is, and whom it trusts,
/// say the context and session(). Used by one thread at a time.
class Stream {
public:
    /// Throws std::bad_alloc.
    Stream(SSL_CTX* context, int fd);

    [[nodiscard]] SSL* session() const noexcept { return ssl_.get(); }
    [[nodiscard]] IoResult handshake();  ///< kDone: bytes can pass
    [[nodiscard]] IoResult read(void* into, std::size_t size);
    /// kAgain: OpenSSL holds what it was given, and wants exactly these bytes again, wherever they lie by
    /// then.
    [[nodiscard]] IoResult write(const void* from, std::size_t size);
    /// Tells the other side that no more will come, if the socket takes it at once.
    void end() noexcept;
    /// The last kAgain was about sending.
    [[nodiscard]] bool wants_write() const noexcept { return wants_write_; }
    /// Bytes that the socket does not show any more.
    [[nodiscard]] bool has_pending() const noexcept { return SSL_pending(ssl_.get()) > 0; }
    /// After kEnd; empty when the other side just ended.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    /// After kEnd of a server: it was asked in plain HTTP.
    [[nodiscard]] bool was_plain_http() const noexcept { return was_plain_http_; }

private:
    struct Free {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };
    IoResult result_of(int code, std::size_t size);

    std::unique_ptr<SSL, Free> ssl_;
    bool wants_write_ = false;
    bool was_plain_http_ = false;
    bool is_broken_ = false;
    std::string error_;
};

}  // namespace streamhost::tls
