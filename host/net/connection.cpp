#include "net/connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include <unistd.h>

#include "net/loop_server.hpp"

namespace streamhost::net {

namespace {

constexpr std::size_t kMaxIov = 64;

}  // namespace

Connection::Connection(LoopServer& server, ConnectionId id, const Accepted& accepted, TlsServerContextPtr tls,
                       ProxyRulesPtr proxies)
    : server_(server),
      id_(id),
      fd_(accepted.fd),
      peer_(accepted.peer),
      listener_(static_cast<std::uint16_t>(accepted.listener)) {
    if (tls != nullptr) tls_ = std::make_unique<SecureSocket>(*tls, fd_);
    if (proxies != nullptr) proxied_ = std::make_unique<Proxied>(std::move(proxies), accepted.peer);
    server_.loop().arm(*this, server_.limits().head_timeout_ms);
    watch();
}

Connection::~Connection() {
    if (phase_ != Phase::kDead) die(1006, {});
}

Connection::Extra& Connection::extra() {
    if (extra_ == nullptr) extra_ = std::make_unique<Extra>();
    return *extra_;
}

std::string Connection::take_cors() noexcept {
    return extra_ == nullptr ? std::string() : std::exchange(extra_->cors, {});
}

bool Connection::wants_input() const noexcept {
    if (phase_ == Phase::kDead || phase_ == Phase::kAnswering || phase_ == Phase::kStreaming || paused_ > 0)
        return false;
    return !has_undecoded() && (phase_ != Phase::kOpen || !outbox_->congested());
}

// Something of it was read and waits here, so no more is read.
bool Connection::has_undecoded() const noexcept {
    return extra_ != nullptr && (!extra_->unread.empty() || extra_->inflater != nullptr);
}

void Connection::watch() {
    if (phase_ == Phase::kDead) return;
    // A client has nothing to say during a stream; that it went away has to be heard all the same.
    const std::uint32_t input = wants_input() ? EPOLLIN | EPOLLRDHUP : 0u;
    const std::uint32_t end = phase_ == Phase::kStreaming ? std::uint32_t{EPOLLRDHUP} : 0u;
    const std::uint32_t wanted = input | end | (blocked_ ? EPOLLOUT : 0u);
    if (token_ && wanted == watched_) return;
    const std::error_code failed =
        token_ ? server_.loop().rewatch(token_, wanted) : server_.loop().watch(fd_, wanted, *this, token_);
    watched_ = wanted;
    if (failed) die(1006, "the socket cannot be watched");
}

void Connection::on_fd(std::uint32_t events) {
    if (phase_ == Phase::kDead) return;
    if ((events & EPOLLOUT) != 0 && blocked_) {
        blocked_ = false;
        if (answer_ != nullptr && flush_answer() == Flushed::kGone) return;
        if (outbox_ != nullptr && !blocked_) server_.events_.writable(*this);
        if (tls_ != nullptr && tls_->reads_when_writable() && wants_input()) read();
        if (phase_ == Phase::kDead) return;
    }
    if ((events & EPOLLIN) != 0 && wants_input()) read();
    if (phase_ == Phase::kDead) return;
    if (phase_ == Phase::kStreaming && (events & EPOLLRDHUP) != 0) return die(1006, {});
    // Also while nothing may be read: a broken socket is reported in every round until it is closed.
    const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (is_broken && ((events & EPOLLIN) == 0 || !wants_input())) return die(1006, {});
    watch();
}

void Connection::read() {
    if (proxied_ != nullptr && proxied_->preface != nullptr && !take_proxy_header()) return;
    const auto buffer = server_.read_buffer();
    const ssize_t count = receive(buffer);
    if (count < 0) return die(1006, {});
    if (count == 0) return;
    server_.counters().bytes_in.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
    take(buffer.first(static_cast<std::size_t>(count)));
}

void Connection::take(std::span<std::uint8_t> bytes) {
    switch (phase_) {
    case Phase::kHead:
    case Phase::kBody: return take_request_bytes(bytes);
    case Phase::kOpen:
    case Phase::kClosing:
        if (is_websocket()) decode(bytes);
        return;  // what was answered lingers: its bytes are of no interest
    case Phase::kAnswering:
    case Phase::kStreaming:
    case Phase::kDead: return;
    }
}

Connection::Flushed Connection::flush_answer() {
    if (answer_ != nullptr) {
        const iovec part{answer_->bytes.data() + answer_->sent, answer_->bytes.size() - answer_->sent};
        const Sent sent = transmit(&part, 1);
        if (sent.is_gone) {
            die(1006, {});
            return Flushed::kGone;
        }
        answer_->sent += sent.taken;
        if (sent.is_blocked) {
            blocked_ = true;
            watch();
            return phase_ == Phase::kDead ? Flushed::kGone : Flushed::kBlocked;
        }
    }
    answer_.reset();
    if (outbox_ == nullptr) answered();
    return phase_ == Phase::kDead ? Flushed::kGone : Flushed::kAll;
}

Connection::Flushed Connection::send_outbox(std::size_t byte_budget) {
    std::array<iovec, kMaxIov> parts;
    while (byte_budget > 0) {
        const std::size_t count = outbox_->gather(parts.data(), parts.size(), byte_budget);
        const bool has_kept = tls_ != nullptr && tls_->has_kept();
        if (count == 0 && !has_kept) return Flushed::kAll;
        std::size_t offered = 0;
        for (std::size_t index = 0; index < count; ++index)
            offered += parts[index].iov_len;
        const Sent sent = transmit(parts.data(), count);
        if (count > 0) outbox_->consumed(sent.taken);
        if (sent.is_gone) {
            die(1006, {});
            return Flushed::kGone;
        }
        if (sent.is_blocked) {
            blocked_ = true;
            return Flushed::kBlocked;
        }
        byte_budget -= std::min(byte_budget, offered);
    }
    return outbox_->empty() ? Flushed::kAll : Flushed::kBudget;
}

Connection::Flushed Connection::flush(std::size_t byte_budget) {
    if (phase_ == Phase::kDead) return Flushed::kGone;
    if (blocked_) return Flushed::kBlocked;
    if (answer_ != nullptr) {
        if (const Flushed first = flush_answer(); first != Flushed::kAll) return first;
    }
    if (outbox_ == nullptr) return Flushed::kAll;
    const Flushed result = send_outbox(byte_budget);
    if (result == Flushed::kGone) return result;
    if (phase_ == Phase::kClosing && result == Flushed::kAll && outbox_->empty()) finish_closing();
    if (phase_ == Phase::kDead) return Flushed::kGone;
    if (has_undecoded() && !outbox_->congested()) decode_later();
    watch();
    return phase_ == Phase::kDead ? Flushed::kGone : result;
}

void Connection::on_timer(PhaseDeadline) {
    switch (phase_) {
    case Phase::kHead:
        if (proxied_ != nullptr && proxied_->preface != nullptr && proxied_->preface->is_trusted())
            return end_of_proxy(server_.counters().proxy_headers.missing);
        if (request_ == nullptr && is_kept_) return die(1006, {});      // a kept connection that nobody used
        if (tls_ != nullptr && !tls_->is_open()) return die(1006, {});  // nothing can be said to it yet
        return refuse({.status = 408, .detail = "The request did not arrive in time"});
    case Phase::kBody: return refuse({.status = 408, .detail = "The request body did not arrive in time"});
    case Phase::kOpen: return heartbeat();
    case Phase::kStreaming: return comment();
    case Phase::kAnswering:
        if (answer_ != nullptr) return die(1006, {});  // the peer does not read it
        return refuse({.status = 504, .detail = "The service did not answer in time"});
    case Phase::kClosing: return die(extra().close_code, extra().close_reason);
    case Phase::kDead: return;
    }
}

// Waits for the peer to see what was sent: closing with unread input would reset the connection and take the
// answer along.
void Connection::linger() {
    phase_ = Phase::kClosing;
    end_sending();
    server_.loop().arm(*this, server_.limits().close_timeout_ms);
    watch();
}

void Connection::pause() noexcept {
    if (phase_ != Phase::kClosing) ++paused_;
}

void Connection::resume() noexcept {
    if (paused_ == 0 || --paused_ > 0 || phase_ == Phase::kDead) return;
    decode_later();
}

void Connection::abort(std::uint16_t code, std::string_view reason) { die(code, reason); }

void Connection::die(std::uint16_t code, std::string_view reason) {
    if (phase_ == Phase::kDead) return;
    phase_ = Phase::kDead;
    runtime::Timer::cancel();
    server_.loop().forget(token_);
    if (tls_ != nullptr) tls_->end();
    ::close(fd_);
    if (is_websocket()) server_.counters().websockets.fetch_sub(1, std::memory_order_relaxed);
    if (outbox_ != nullptr && !is_websocket())
        server_.counters().streams.fetch_sub(1, std::memory_order_relaxed);
    if (outbox_ != nullptr || user_ != nullptr) {
        const bool was_told = extra_ != nullptr && extra_->close_code != 1006;
        server_.events_.closed(*this, was_told ? extra_->close_code : code,
                               was_told ? std::string_view(extra_->close_reason) : reason);
        outbox_ = nullptr;
    }
    server_.bury(*this);
}

}  // namespace streamhost::net
