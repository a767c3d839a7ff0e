#include "net/loop_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cassert>
#include <cerrno>
#include <utility>

#include <Poco/Net/SocketImpl.h>
#include <unistd.h>

#include "net/http_reply.hpp"

namespace streamhost::net {

namespace {

constexpr int kAcceptsPerRound = 64;
constexpr std::uint64_t kAcceptAgainMs = 100;

// Nobody waits any more, or the one who did has gone meanwhile.
bool is_harmless(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ECONNABORTED;
}

// Of a socket that listens: what it accepts inherits both. A Unix socket refuses them, harmlessly.
void tune(int fd, std::uint32_t send_timeout_ms) {
    const int on = 1;
    // Streams are many small frames: waiting to fill a segment would add 40 ms.
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &send_timeout_ms, sizeof(send_timeout_ms));
}

}  // namespace

struct AcceptAgain {};

/// One listening socket.
class LoopServer::Acceptor final : public runtime::FdHandler,
                                   private runtime::TimerFor<LoopServer::Acceptor, AcceptAgain> {
public:
    Acceptor(LoopServer& server, std::uint32_t listener, ListenSocket socket, Placement place)
        : server_(server), socket_(std::move(socket)), listener_(listener), place_(std::move(place)) {
        if (server_.loop_.watch(socket_.impl()->sockfd(), EPOLLIN, *this, token_))
            throw std::system_error(errno, std::generic_category(), "the listening socket cannot be watched");
        set_limits();
    }
    ~Acceptor() { server_.loop_.unwatch(token_); }
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    void set_limits() { tune(socket_.impl()->sockfd(), server_.limits_.send_timeout_ms); }

private:
    friend runtime::TimerFor<Acceptor, AcceptAgain>;
    void on_fd(std::uint32_t /*events*/) override {
        for (int count = 0; count < kAcceptsPerRound; ++count) {
            sockaddr_storage address{};
            socklen_t size = sizeof(address);
            const int fd = ::accept4(socket_.impl()->sockfd(), reinterpret_cast<sockaddr*>(&address), &size,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) {
                if (!is_harmless(errno)) rest();
                return;
            }
            const Accepted accepted{fd, listener_, PeerAddress::of(address)};
            if (place_) {
                place_(accepted);
            } else {
                server_.adopt(accepted);
            }
        }
    }

    // No descriptor or no memory is free. The next round would be told the same at once, and so on without a
    // pause; those who wait stay in the backlog.
    void rest() {
        server_.counters_.accept_failed.fetch_add(1, std::memory_order_relaxed);
        (void)server_.loop_.rewatch(token_, 0);
        server_.loop_.arm(*this, kAcceptAgainMs);
    }
    void on_timer(AcceptAgain) { (void)server_.loop_.rewatch(token_, EPOLLIN); }

    LoopServer& server_;
    ListenSocket socket_;
    std::uint32_t listener_;
    Placement place_;
    runtime::FdToken token_;
};

LoopServer::LoopServer(runtime::Loop& loop, std::uint32_t index, const ServerLimits& limits,
                       ServerCounters& counters, ConnectionEvents& events)
    : loop_(loop),
      index_(index),
      limits_(limits),
      counters_(counters),
      events_(events),
      buffer_(std::make_unique<std::uint8_t[]>(kBufferBytes)),
      parser_(limits.head) {}

LoopServer::~LoopServer() {
    acceptors_.clear();
    is_ending_ = true;
    for (Slot& slot : slots_)
        slot.connection.reset();
}

void LoopServer::listen(std::uint32_t listener, ListenSocket socket, Placement place) {
    if (routes_.size() <= listener) routes_.resize(listener + 1);
    acceptors_.push_back(std::make_unique<Acceptor>(*this, listener, std::move(socket), std::move(place)));
}

void LoopServer::set_routes(std::uint32_t listener, RouteTablePtr routes) {
    if (routes_.size() <= listener) routes_.resize(listener + 1);
    routes_[listener] = std::move(routes);
}

void LoopServer::set_tls(std::uint32_t listener, TlsServerContextPtr tls) {
    if (tls_.size() <= listener) tls_.resize(listener + 1);
    tls_[listener] = std::move(tls);
}

void LoopServer::set_proxies(std::uint32_t listener, ProxyRulesPtr proxies) {
    if (proxies_.size() <= listener) proxies_.resize(listener + 1);
    proxies_[listener] = std::move(proxies);
}

std::span<std::uint8_t> LoopServer::record_buffer() {
    if (record_ == nullptr) record_ = std::make_unique<std::uint8_t[]>(SecureSocket::kRecordBytes);
    return {record_.get(), SecureSocket::kRecordBytes};
}

WsInflater& LoopServer::inflater() {
    if (inflater_ == nullptr) inflater_ = std::make_unique<WsInflater>();
    return *inflater_;
}

void LoopServer::set_limits(const ServerLimits& limits) {
    limits_ = limits;
    parser_ = HttpHeadParser(limits.head);
    for (const auto& acceptor : acceptors_)
        acceptor->set_limits();
}

void LoopServer::complete(std::string& response, std::string_view cors) {
    if (limits_.http == nullptr) return;
    const std::int64_t now_s = loop_.clock().wall_ms() / 1'000;
    if (now_s != date_s_) date_ = http_date(date_s_ = now_s);
    add_fields(response, *limits_.http, date_, cors);
}

void LoopServer::stop_listening() { acceptors_.clear(); }

void LoopServer::adopt(const Accepted& accepted) {
    counters_.accepted.fetch_add(1, std::memory_order_relaxed);
    if (counters_.connections.fetch_add(1, std::memory_order_relaxed) >= limits_.connections) {
        counters_.connections.fetch_sub(1, std::memory_order_relaxed);
        counters_.over_limit.fetch_add(1, std::memory_order_relaxed);
        std::string response;
        append_problem(
            response,
            {.status = 503, .detail = "This node has as many connections as it may", .retry_after_s = 2});
        complete(response, {});
        if (tls_of(accepted.listener) == nullptr)
            (void)::send(accepted.fd, response.data(), response.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        ::close(accepted.fd);
        return;
    }
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    const ConnectionId id =
        ConnectionId{index_} << 56U | ConnectionId{slots_[slot].generation & 0xffffffU} << 32U | slot;
    ++open_;
    slots_[slot].connection = std::make_unique<Connection>(*this, id, accepted, tls_of(accepted.listener),
                                                           proxies_of(accepted.listener));
}

Connection* LoopServer::find(ConnectionId id) noexcept {
    const std::uint32_t slot = slot_of(id);
    if (loop_of(id) != index_ || slot >= slots_.size()) return nullptr;
    Connection* connection = slots_[slot].connection.get();
    return connection != nullptr && connection->id() == id && connection->phase_ != Connection::Phase::kDead
               ? connection
               : nullptr;
}

void LoopServer::bury(const Connection& connection) {
    const auto slot = static_cast<std::uint32_t>(connection.id());
    --open_;
    counters_.connections.fetch_sub(1, std::memory_order_relaxed);
    if (is_ending_) return;
    loop_.after_round([this, slot] {
        slots_[slot].connection.reset();
        if ((++slots_[slot].generation & 0xffffffU) == 0) ++slots_[slot].generation;
        free_.push_back(slot);
    });
}

}  // namespace streamhost::net
