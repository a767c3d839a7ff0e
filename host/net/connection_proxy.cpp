// The beginning of a connection where proxies say whose it is, before TLS.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "net/connection.hpp"
#include "net/loop_server.hpp"

namespace streamhost::net {

void Connection::await_proxy_header(const ProxyRules& rules, const PeerAddress& peer) {
    if (rules.protocol == ProxyProtocol::kOff) return;
    preface_ = std::make_unique<ProxyPreface>(rules.protocol, rules.trusted.contains(peer));
}

// Looks before it takes: what follows the header is for TLS, which reads the socket itself. Whatever is part
// of the header is taken at once, or the socket would stay readable and the loop would spin. false: nothing
// is to be read now.
bool Connection::take_proxy_header() {
    const auto seen = server_.read_buffer().first(kMaxProxyHeaderBytes);
    const ssize_t count = ::recv(fd_, seen.data(), seen.size(), MSG_PEEK | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (count <= 0) {
        die(1006, {});
        return false;
    }
    const auto state = preface_->take(seen.first(static_cast<std::size_t>(count)));
    const ssize_t taken = ::recv(fd_, seen.data(), preface_->taken(), MSG_DONTWAIT);
    server_.counters().bytes_in.fetch_add(static_cast<std::uint64_t>(std::max(taken, ssize_t{0})),
                                          std::memory_order_relaxed);
    auto& counters = server_.counters().proxy_headers;
    switch (state) {
    case ProxyPreface::State::kNeedMore: return false;
    case ProxyPreface::State::kAccepted: take_client(preface_->header()); return true;
    case ProxyPreface::State::kDirect: serve_directly(); return wants_input();
    case ProxyPreface::State::kMissing: end_of_proxy(counters.missing); return false;
    case ProxyPreface::State::kMalformed: end_of_proxy(counters.malformed); return false;
    case ProxyPreface::State::kUntrusted: end_of_proxy(counters.untrusted); return false;
    }
    return false;
}

void Connection::take_client(const ProxyHeader& header) {
    server_.counters().proxy_headers.accepted.fetch_add(1, std::memory_order_relaxed);
    if (header.source == ProxyHeader::Source::kClient) peer_ = header.client.text();
    preface_.reset();
}

// Somebody who is no proxy, whose first bytes could have begun a header. TLS begins otherwise.
void Connection::serve_directly() {
    const auto preface = std::move(preface_);
    const auto held = preface->held();
    if (held.empty()) return;
    if (tls_ != nullptr) return die(1006, {});
    const auto first = server_.read_buffer().first(held.size());
    std::copy(held.begin(), held.end(), first.begin());
    take(first);
}

// Without a word: whoever it is does not speak what is spoken here.
void Connection::end_of_proxy(std::atomic<std::uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
    die(1006, {});
}

}  // namespace streamhost::net
