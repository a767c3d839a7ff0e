#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include "redis/client/address.hpp"
#include "redis/client/host_lookup.hpp"
#include "redis/client/tls.hpp"
#include "redis/command.hpp"
#include "redis/resp.hpp"

namespace streamhost::app {

/// The server showed a certificate that is not believed.
struct CertificateRefused : std::runtime_error {
    CertificateRefused(const std::string& text, long why) : std::runtime_error(text), verified(why) {}
    long verified;  ///< of OpenSSL: X509_V_ERR_...
};

/// The problem: a command line asks a server three questions and ends. The node's client is made for a loop,
/// for thousands of commands and for servers that come back; Poco::Redis has no TLS and takes half an answer
/// for a whole one.
///
/// One connection, plain or TLS, in RESP2. To connect, TLS included, and each answer may take two seconds.
/// All of it throws std::runtime_error in the words of who refused: the system, OpenSSL, the server. Blocks.
class StoreTalk {
public:
    /// `tls` outlives this; none: plain TCP.
    StoreTalk(const redis::Address& address, const redis::TlsContext* tls);
    ~StoreTalk();
    StoreTalk(const StoreTalk&) = delete;
    StoreTalk& operator=(const StoreTalk&) = delete;

    /// Valid until the next question; never an error.
    template <typename... Words>
    redis::RespValue ask(const Words&... words) {
        std::string command;
        redis::write_command(command, words...);
        return answer_to(command);
    }

private:
    void connect(const redis::Endpoints& endpoints);
    [[nodiscard]] bool try_connect(const redis::Endpoint& endpoint);
    void drop_socket() noexcept;
    void shake();
    redis::RespValue answer_to(std::string_view command);
    void send_all(std::string_view command);
    void receive();
    void wait(short events, const char* late) const;
    [[noreturn]] void end() const;

    std::chrono::steady_clock::time_point due_;
    int fd_ = -1;
    int error_ = 0;  // of the last address that was tried
    std::optional<tls::Stream> tls_;
    redis::RespReader reader_;
};

}  // namespace streamhost::app
