#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/tls_context.hpp"
#include "tls/stream.hpp"

namespace streamhost::net {

/// What a socket took of the bytes that it was offered.
struct Sent {
    std::size_t taken = 0;
    bool is_blocked = false;  ///< it takes no more until it is writable
    bool is_gone = false;
};

/// The problem: TLS sends records, not bytes. One that the socket did not take whole must be offered again
/// with the same content, while what a connection wants to send first has changed meanwhile; and forty frames
/// must not become forty records.
///
/// The server's side of TLS on one socket, which it does not own. What does not fit is kept here, one record
/// at the most, and counts as taken. [loop]
class SecureSocket {
public:
    SecureSocket(const TlsServerContext& context, int fd);

    /// > 0: bytes that came; 0: none for now; -1: the other side has ended, or broke a rule.
    [[nodiscard]] ssize_t receive(std::span<std::uint8_t> into);
    /// First what is kept, then `parts`, joined through `scratch` (of kRecordBytes) to whole records.
    [[nodiscard]] Sent send(const iovec* parts, std::size_t count, std::span<std::uint8_t> scratch);
    void end() noexcept { stream_.end(); }

    /// Reading goes on when the socket is writable.
    [[nodiscard]] bool reads_when_writable() const noexcept { return reads_when_writable_; }
    [[nodiscard]] bool is_open() const noexcept { return SSL_is_init_finished(stream_.session()) != 0; }
    [[nodiscard]] bool is_resumed() const noexcept { return SSL_session_reused(stream_.session()) != 0; }
    [[nodiscard]] bool has_kept() const noexcept { return !kept_.empty(); }
    /// The client's last word of the handshake was accepted: also of one that has left since, to whom no
    /// ticket can be sent any more.
    [[nodiscard]] bool is_shaken() const noexcept {
        return is_open() || (SSL_version(stream_.session()) == TLS1_3_VERSION &&
                             SSL_get_state(stream_.session()) == TLS_ST_SW_SESSION_TICKET);
    }
    /// Something came, and no handshake came of it.
    [[nodiscard]] bool has_failed() const noexcept {
        return !is_shaken() && BIO_number_read(SSL_get_rbio(stream_.session())) > 0;
    }
    [[nodiscard]] bool was_plain_http() const noexcept { return stream_.was_plain_http(); }

    static constexpr std::size_t kRecordBytes = 16'384;  ///< RFC 8446 5.1

private:
    [[nodiscard]] bool send_kept(Sent& sent);

    tls::Stream stream_;
    std::vector<std::uint8_t> kept_;
    bool reads_when_writable_ = false;
};

}  // namespace streamhost::net
