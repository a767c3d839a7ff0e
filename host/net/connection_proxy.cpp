// What proxies say of a connection, before TLS, and of its requests.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "net/connection.hpp"
#include "net/loop_server.hpp"

namespace streamhost::net {

Connection::Proxied::Proxied(ProxyRulesPtr believed, const PeerAddress& who)
    : rules(std::move(believed)), peer(who), may_forward(rules->trusted.contains(who)) {
    if (rules->protocol != ProxyProtocol::kOff)
        preface = std::make_unique<ProxyPreface>(rules->protocol, may_forward);
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
    ProxyPreface& preface = *proxied_->preface;
    const auto state = preface.take(seen.first(static_cast<std::size_t>(count)));
    const ssize_t taken = ::recv(fd_, seen.data(), preface.taken(), MSG_DONTWAIT);
    server_.counters().bytes_in.fetch_add(static_cast<std::uint64_t>(std::max(taken, ssize_t{0})),
                                          std::memory_order_relaxed);
    auto& counters = server_.counters().proxy_headers;
    switch (state) {
    case ProxyPreface::State::kNeedMore: return false;
    case ProxyPreface::State::kAccepted: take_client(preface.header()); return true;
    case ProxyPreface::State::kDirect: serve_directly(); return wants_input();
    case ProxyPreface::State::kMissing: end_of_proxy(counters.missing); return false;
    case ProxyPreface::State::kMalformed: end_of_proxy(counters.malformed); return false;
    case ProxyPreface::State::kUntrusted: end_of_proxy(counters.untrusted); return false;
    }
    return false;
}

void Connection::take_client(const ProxyHeader& header) {
    server_.counters().proxy_headers.accepted.fetch_add(1, std::memory_order_relaxed);
    if (header.source == ProxyHeader::Source::kClient) {
        proxied_->peer = header.client;
        peer_ = header.client;
    }
    // What comes through a proxy that passes connections on was written by that client, named or not; a Unix
    // socket of another machine is none of this one.
    proxied_->may_forward = header.source == ProxyHeader::Source::kProxy ||
                            (header.source == ProxyHeader::Source::kClient && header.client.ip &&
                             proxied_->rules->trusted.contains(header.client));
    proxied_->preface.reset();
}

// Somebody who is no proxy, whose first bytes could have begun a header. TLS begins otherwise.
void Connection::serve_directly() {
    const auto preface = std::move(proxied_->preface);
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

// One connection of a proxy brings the requests of many clients.
void Connection::settle_client(const HttpHead& head) {
    if (proxied_ == nullptr || proxied_->rules->headers == ForwardedHeaders::kOff) return;
    const ProxyRules& rules = *proxied_->rules;
    auto& counters = server_.counters().forwarded;
    if (!proxied_->may_forward) {
        if (claims_forwarded(head, rules.headers)) counters.untrusted.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    const Forwarded said = read_forwarded(head, rules.headers, rules.trusted, proxied_->peer);
    peer_ = said.client;
    proxied_->scheme = said.scheme;
    proxied_->host = said.host;
    if (!said.was_said) return;
    (said.is_malformed ? counters.malformed : counters.accepted).fetch_add(1, std::memory_order_relaxed);
}

std::string_view Connection::scheme() const noexcept {
    if (proxied_ != nullptr && !proxied_->scheme.empty()) return proxied_->scheme;
    return is_secure() ? "https" : "http";
}

std::string_view Connection::host(const HttpHead& head) const noexcept {
    if (proxied_ != nullptr && !proxied_->host.empty()) return proxied_->host;
    return head.find("host").value_or(std::string_view());
}

}  // namespace streamhost::net
