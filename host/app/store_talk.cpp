#include "app/store_talk.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <openssl/x509_vfy.h>
#include <poll.h>
#include <unistd.h>

namespace streamhost::app {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(2);
constexpr std::size_t kPiece = std::size_t{16} << 10;
constexpr const char* kNoConnection = "no connection within 2 s";
constexpr const char* kNoTls = "no TLS within 2 s; does this port speak it?";
constexpr const char* kNoAnswer = "no answer within 2 s";

bool is_for_now(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

tls::IoResult result_of(ssize_t size) {
    if (size > 0) return {tls::IoState::kDone, static_cast<std::size_t>(size)};
    return {size < 0 && is_for_now(errno) ? tls::IoState::kAgain : tls::IoState::kEnd, 0};
}

}  // namespace

StoreTalk::StoreTalk(const redis::Address& address, const redis::TlsContext* tls)
    : due_(Clock::now() + kPatience) {
    try {
        connect(redis::ask_system(address));
        if (tls == nullptr) return;
        tls_.emplace(redis::connect_tls(*tls, fd_, address.host));
        shake();
    } catch (...) {
        drop_socket();
        throw;
    }
}

StoreTalk::~StoreTalk() {
    if (tls_) tls_->end();
    drop_socket();
}

void StoreTalk::connect(const redis::Endpoints& endpoints) {
    if (endpoints.empty()) throw std::runtime_error("the name is unknown");
    for (const redis::Endpoint& endpoint : endpoints)
        if (try_connect(endpoint)) return;
    throw std::runtime_error(std::strerror(error_));
}

bool StoreTalk::try_connect(const redis::Endpoint& endpoint) {
    drop_socket();
    fd_ = ::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto* address = reinterpret_cast<const sockaddr*>(&endpoint.storage);
    error_ = fd_ >= 0 && ::connect(fd_, address, endpoint.size) == 0 ? 0 : errno;
    if (error_ != EINPROGRESS) return error_ == 0;
    wait(POLLOUT, kNoConnection);
    socklen_t size = sizeof(error_);
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error_, &size);
    return error_ == 0;
}

void StoreTalk::drop_socket() noexcept {
    tls_.reset();
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void StoreTalk::shake() {
    for (;;) {
        const tls::IoResult result = tls_->handshake();
        if (result.state == tls::IoState::kDone) return;
        if (result.state == tls::IoState::kEnd) end();
        wait(tls_->wants_write() ? POLLOUT : POLLIN, kNoTls);
    }
}

redis::RespValue StoreTalk::answer_to(std::string_view command) {
    due_ = Clock::now() + kPatience;
    send_all(command);
    while (!reader_.next()) {
        if (reader_.fault() != redis::RespFault::kNone)
            throw std::runtime_error("answers as no Redis does; is it the right port?");
        receive();
    }
    const redis::RespValue value = reader_.value();
    if (value.is(redis::RespType::kError)) throw std::runtime_error(std::string(value.text()));
    return value;
}

void StoreTalk::send_all(std::string_view command) {
    while (!command.empty()) {
        const tls::IoResult result =
            tls_ ? tls_->write(command.data(), command.size())
                 : result_of(::send(fd_, command.data(), command.size(), MSG_NOSIGNAL));
        if (result.state == tls::IoState::kEnd) end();
        command.remove_prefix(result.size);
        if (result.state == tls::IoState::kAgain)
            wait(tls_ && !tls_->wants_write() ? POLLIN : POLLOUT, kNoAnswer);
    }
}

void StoreTalk::receive() {
    char* const into = reader_.room(kPiece);
    const tls::IoResult result = tls_ ? tls_->read(into, kPiece) : result_of(::recv(fd_, into, kPiece, 0));
    if (result.state == tls::IoState::kEnd) end();
    reader_.fed(result.size);
    if (result.state == tls::IoState::kAgain) wait(tls_ && tls_->wants_write() ? POLLOUT : POLLIN, kNoAnswer);
}

void StoreTalk::wait(short events, const char* late) const {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_ - Clock::now());
        pollfd watched{fd_, events, 0};
        const int ready = left.count() > 0 ? ::poll(&watched, 1, static_cast<int>(left.count())) : 0;
        if (ready > 0) return;
        if (ready == 0) throw std::runtime_error(late);
        if (errno != EINTR) throw std::runtime_error(std::strerror(errno));
    }
}

void StoreTalk::end() const {
    if (!tls_) throw std::runtime_error("it hangs up; does this port speak TLS?");
    SSL* const session = tls_->session();
    const long verified = SSL_get_verify_result(session);
    if (SSL_get_verify_mode(session) != SSL_VERIFY_NONE && verified != X509_V_OK)
        throw CertificateRefused(tls_->error(), verified);
    if (tls_->error().starts_with("TLS: ")) throw std::runtime_error(tls_->error());
    // A server that wants a certificate says so after TLS 1.3 is agreed, and its reset may be faster.
    throw std::runtime_error(SSL_is_init_finished(session) == 1
                                 ? "it hangs up after TLS; does it want a certificate (cert_file)?"
                                 : "it hangs up; does this port speak TLS?");
}

}  // namespace streamhost::app
