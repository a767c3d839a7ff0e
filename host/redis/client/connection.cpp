#include "redis/client/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "redis/command.hpp"

namespace streamhost::redis {

namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;
constexpr int kPiecesPerRound = 4;
constexpr std::int64_t kNever = INT64_MAX;

bool is_for_now(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

void set(int fd, int level, int name, int value) {
    // Fails only on a socket that fails at everything else too.
    (void)::setsockopt(fd, level, name, &value, sizeof(value));
}

// A hung or vanished server sends no reset. The deadlines above notice it first; these are for a kernel that
// holds bytes nobody acknowledges.
void set_options(int fd) {
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 5);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 5'000);
}

}  // namespace

Connection::Connection(runtime::Loop& loop, ConnectionOptions options)
    : loop_(loop), options_(std::move(options)), link_(options_.link) {
    link_.on_change = [this] {
        if (link_.state() == LinkState::kReady) {
            asked_ms_ = now();
            if (on_ready) on_ready();
        } else {
            end_with(link_.ended(), link_.detail());
        }
    };
}

Connection::~Connection() {
    *self_ = nullptr;
    drop_socket();
}

void Connection::open(Endpoints endpoints, const std::string& host) {
    endpoints_ = std::move(endpoints);
    host_ = host;
    phase_ = Phase::kConnecting;
    connect_until_ms_ = now() + options_.connect_ms;
    connect_next();
}

// Without a socket afterwards nothing was left to try; tick() ends it.
void Connection::connect_next() {
    drop_socket();
    while (next_endpoint_ < endpoints_.size())
        if (start_connect(endpoints_[next_endpoint_++])) return;
}

bool Connection::start_connect(const Endpoint& endpoint) {
    fd_ = ::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ >= 0) {
        set_options(fd_);
        const auto* address = reinterpret_cast<const sockaddr*>(&endpoint.storage);
        const bool is_started = ::connect(fd_, address, endpoint.size) == 0 || errno == EINPROGRESS;
        watched_ = EPOLLOUT;
        if (is_started && !loop_.watch(fd_, watched_, *this, token_)) return true;
    }
    error_ = std::strerror(errno);
    drop_socket();
    return false;
}

void Connection::on_fd(std::uint32_t) {
    if (phase_ == Phase::kConnecting) finish_connect();
    if (phase_ == Phase::kShaking) shake();
    if (phase_ != Phase::kOpen) return;
    read();
    if (phase_ != Phase::kOpen) return;
    if (on_progress) on_progress();
    flush();
}

void Connection::finish_connect() {
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        error_ = std::strerror(error);
        connect_next();
        if (fd_ < 0) end_with(LinkEnd::kByPeer, error_);
        return;
    }
    if (options_.tls == nullptr) return opened();
    tls_.emplace(connect_tls(*options_.tls, fd_, host_));
    phase_ = Phase::kShaking;
}

void Connection::shake() {
    const tls::IoResult result = tls_->handshake();
    if (result.state == tls::IoState::kEnd)
        return end_with(tls_->error().empty() ? LinkEnd::kByPeer : LinkEnd::kTls, tls_->error());
    if (result.state == tls::IoState::kDone) return opened();
    watch();
}

void Connection::opened() {
    phase_ = Phase::kOpen;
    heard_ms_ = now();
    link_.open(now());
    flush();
}

tls::IoResult Connection::receive(char* into, std::size_t size) {
    if (tls_) return tls_->read(into, size);
    const ssize_t got = ::recv(fd_, into, size, 0);
    if (got > 0) return {tls::IoState::kDone, static_cast<std::size_t>(got)};
    return {got < 0 && is_for_now(errno) ? tls::IoState::kAgain : tls::IoState::kEnd, 0};
}

tls::IoResult Connection::transmit(std::string_view bytes) {
    if (tls_) return tls_->write(bytes.data(), bytes.size());
    const ssize_t put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put >= 0) return {tls::IoState::kDone, static_cast<std::size_t>(put)};
    return {is_for_now(errno) ? tls::IoState::kAgain : tls::IoState::kEnd, 0};
}

void Connection::read() {
    for (int piece = 0; piece < kPiecesPerRound; ++piece) {
        const tls::IoResult result = receive(link_.room(kPiece), kPiece);
        if (result.state == tls::IoState::kEnd)
            return end_with(LinkEnd::kByPeer, tls_ && !tls_->error().empty() ? tls_->error() : "hung up");
        if (result.state == tls::IoState::kAgain) return;
        heard_ms_ = now();
        link_.received(result.size);
        if (phase_ != Phase::kOpen || (!tls_ && result.size < kPiece)) return;
    }
    take_pending();
}

// TLS may hold bytes back that epoll does not know of.
void Connection::take_pending() {
    if (!tls_ || !tls_->has_pending()) return;
    loop_.after_round([weak = std::weak_ptr<Connection*>(self_)] {
        const auto self = weak.lock();
        if (self && *self != nullptr) (*self)->on_fd(EPOLLIN);
    });
}

void Connection::flush() {
    while (phase_ == Phase::kOpen && !link_.outgoing().empty()) {
        const tls::IoResult result = transmit(link_.outgoing());
        if (result.state == tls::IoState::kEnd) return end_with(LinkEnd::kByPeer, "hung up");
        if (result.state == tls::IoState::kAgain) break;
        link_.sent(result.size);
    }
    watch();
}

void Connection::watch() {
    if (fd_ < 0 || phase_ == Phase::kConnecting) return;
    const bool wants_write = tls_ && tls_->wants_write();
    const bool has_bytes = phase_ == Phase::kOpen && !link_.outgoing().empty();
    const std::uint32_t wanted = EPOLLIN | (wants_write || has_bytes ? EPOLLOUT : 0U);
    if (wanted == watched_) return;
    watched_ = wanted;
    if (loop_.rewatch(token_, wanted)) end_with(LinkEnd::kByPeer, "epoll refused the socket");
}

void Connection::tick(std::int64_t now_ms) {
    if (phase_ == Phase::kConnecting && fd_ < 0)
        return end_with(LinkEnd::kByPeer, error_.empty() ? "the name is unknown" : error_);
    if (phase_ == Phase::kConnecting || phase_ == Phase::kShaking) {
        if (now_ms >= connect_until_ms_) end_with(LinkEnd::kTimeout, "no connection in time");
        return;
    }
    if (phase_ != Phase::kOpen) return;
    link_.tick(now_ms);
    if (phase_ == Phase::kOpen) check_silence(now_ms);
    if (phase_ == Phase::kOpen && link_.waiting() == 0) ping(now_ms);
}

void Connection::check_silence(std::int64_t now_ms) {
    if (link_.waiting() == 0) {
        awaits_since_ms_ = 0;
        return;
    }
    if (awaits_since_ms_ == 0) awaits_since_ms_ = now_ms;
    if (link_.state() != LinkState::kReady) return;  // the greeting has a deadline of its own
    if (link_.values() != values_) whole_ms_ = now_ms;
    values_ = link_.values();
    if (now_ms - std::max(heard_ms_, awaits_since_ms_) >= options_.answer_ms)
        end_with(LinkEnd::kTimeout, "an answer is due and nothing comes");
    else if (now_ms - std::max(whole_ms_, awaits_since_ms_) >= options_.whole_ms)
        end_with(LinkEnd::kTimeout, "an answer is due and what comes is never a whole one");
}

void Connection::ping(std::int64_t now_ms) {
    if (link_.state() != LinkState::kReady || now_ms - asked_ms_ < options_.ping_ms) return;
    asked_ms_ = now_ms;
    std::string command;
    write_command(command, "PING");
    const bool is_put = link_.send(command, kNever, [this](const LinkReply& reply) {
        // Its own answer is never an error: this one is a subscription's.
        if (reply.answer == LinkAnswer::kReply && reply.value.is(RespType::kError))
            link_.refuse(reply.value.text());
    });
    if (is_put) flush();
}

void Connection::close(LinkEnd why, std::string_view detail) { end_with(why, detail); }

void Connection::end_with(LinkEnd why, std::string_view detail) {
    if (phase_ == Phase::kEnded) return;
    if (link_.state() != LinkState::kClosed) return link_.close(why, detail);  // comes back here
    phase_ = Phase::kEnded;
    end_ = why;
    detail_ = detail;
    drop_socket();
    if (on_end) on_end();
}

void Connection::drop_socket() noexcept {
    tls_.reset();
    if (token_) loop_.unwatch(token_);
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace streamhost::redis
