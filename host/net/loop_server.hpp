#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection.hpp"
#include "net/connection_events.hpp"
#include "net/http_policy.hpp"
#include "net/listen_socket.hpp"
#include "runtime/loop.hpp"

namespace streamhost::net {

struct ServerLimits {
    std::size_t connections = 10'000;  ///< of the process, all loops together
    std::uint32_t head_timeout_ms = 10'000;
    std::uint32_t idle_timeout_ms = 30'000;  ///< between two requests of a kept connection
    std::uint32_t close_timeout_ms = 5'000;  ///< for the closing handshake
    std::uint32_t send_timeout_ms =
        30'000;  ///< for an answer that the peer does not read (TCP_USER_TIMEOUT, too)
    HttpHeadLimits head;
    HttpPolicyPtr http;  ///< fields of every answer; none without
};

/// Connections to listeners whose proxies say whose they are, by what came of it.
struct ProxyHeaderCounters {
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> missing{0};    ///< of a proxy, without a header in time
    std::atomic<std::uint64_t> malformed{0};  ///< of a proxy
    std::atomic<std::uint64_t> untrusted{0};  ///< of somebody who is no proxy
};

/// Requests that brought what proxies say of them, on listeners that believe some, by what came of it.
struct ForwardedCounters {
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> malformed{0};  ///< of a proxy
    std::atomic<std::uint64_t> untrusted{0};  ///< of somebody who is no proxy
};

/// Counted over all loops of the process.
struct ServerCounters {
    std::atomic<std::uint64_t> connections{0};  ///< open now
    std::atomic<std::uint64_t> websockets{0};   ///< open now
    std::atomic<std::uint64_t> streams{0};      ///< responses that go on, open now
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> over_limit{0};
    std::atomic<std::uint64_t> accept_failed{0};  ///< no descriptor or memory was free
    std::atomic<std::uint64_t> refused{0};        ///< malformed requests and upgrades
    std::atomic<std::uint64_t> tls_full{0};       ///< handshakes
    std::atomic<std::uint64_t> tls_resumed{0};    ///< those that a ticket shortened
    std::atomic<std::uint64_t> tls_failed{0};
    ProxyHeaderCounters proxy_headers;
    ForwardedCounters forwarded;
    std::atomic<std::uint64_t> bytes_in{0};
    std::atomic<std::uint64_t> bytes_out{0};
    std::atomic<std::uint64_t> inflated_from{0};  ///< bytes of compressed messages from clients,
    std::atomic<std::uint64_t> inflated_to{0};    ///< and what came out
    std::atomic<bool> draining{false};            ///< upgrades are answered 503
    std::atomic<bool> closing{false};             ///< an answer ends its connection: the next goes elsewhere

    /// Who is asked to leave when the node drains.
    [[nodiscard]] std::uint64_t clients() const noexcept {
        return websockets.load(std::memory_order_relaxed) + streams.load(std::memory_order_relaxed);
    }
};

/// Takes what a listening socket accepted; the descriptor is the callee's. [loop]
using Placement = std::function<void(const Accepted& accepted)>;

/// The connections of one loop: accepts them, keeps them, hands them the shared read buffer. Everything
/// [loop] unless tagged.
class LoopServer {
public:
    LoopServer(runtime::Loop& loop, std::uint32_t index, const ServerLimits& limits, ServerCounters& counters,
               ConnectionEvents& events);
    ~LoopServer();
    LoopServer(const LoopServer&) = delete;
    LoopServer& operator=(const LoopServer&) = delete;

    /// Starts accepting. `listener` tells listeners apart in set_routes(). The connections stay here, unless
    /// `place` takes them.
    void listen(std::uint32_t listener, ListenSocket socket, Placement place = {});
    /// A connection that was accepted for this loop.
    void adopt(const Accepted& accepted);
    void set_routes(std::uint32_t listener, RouteTablePtr routes);
    /// Connections of that listener that come from now on speak TLS.
    void set_tls(std::uint32_t listener, TlsServerContextPtr tls);
    /// Who is believed about connections of that listener that come from now on.
    void set_proxies(std::uint32_t listener, ProxyRulesPtr proxies);
    /// Accepts no more; what is open stays.
    void stop_listening();
    /// For what comes from now on: connections, heads, waits.
    void set_limits(const ServerLimits& limits);

    [[nodiscard]] Connection* find(ConnectionId id) noexcept;
    /// Calls visit(Connection&) for each; it may close them.
    template <typename Visit>
    void for_each(Visit visit) {
        for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
            if (slots_[slot].connection != nullptr) visit(*slots_[slot].connection);
        }
    }
    [[nodiscard]] std::size_t size() const noexcept { return open_; }

    [[nodiscard]] runtime::Loop& loop() noexcept { return loop_; }
    [[nodiscard]] const ServerLimits& limits() const noexcept { return limits_; }
    [[nodiscard]] ServerCounters& counters() noexcept { return counters_; }

private:
    friend class Connection;
    class Acceptor;
    struct Slot {
        std::unique_ptr<Connection> connection;
        std::uint32_t generation = 1;
    };
    /// Destroyed after the round, when nothing on the stack refers to it.
    void bury(const Connection& connection);
    /// Adds what every answer carries to a whole response.
    void complete(std::string& response, std::string_view cors);
    [[nodiscard]] RouteTablePtr routes(std::uint32_t listener) const { return routes_[listener]; }
    /// nullptr: in clear.
    [[nodiscard]] TlsServerContextPtr tls_of(std::uint32_t listener) const {
        return listener < tls_.size() ? tls_[listener] : nullptr;
    }
    [[nodiscard]] ProxyRulesPtr proxies_of(std::uint32_t listener) const {
        return listener < proxies_.size() ? proxies_[listener] : nullptr;
    }
    [[nodiscard]] std::span<std::uint8_t> read_buffer() noexcept { return {buffer_.get(), kBufferBytes}; }
    /// Expands messages for all connections of the loop; made for the first one, and anew once it was lent.
    [[nodiscard]] WsInflater& inflater();
    [[nodiscard]] std::unique_ptr<WsInflater> lend_inflater() { return std::move(inflater_); }
    /// Where parts become a record; made when the first one does.
    [[nodiscard]] std::span<std::uint8_t> record_buffer();

    static constexpr std::size_t kBufferBytes = std::size_t{64} << 10U;
    runtime::Loop& loop_;
    std::uint32_t index_;
    ServerLimits limits_;
    ServerCounters& counters_;
    ConnectionEvents& events_;
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::unique_ptr<std::uint8_t[]> record_;
    std::unique_ptr<WsInflater> inflater_;
    HttpHeadParser parser_;  // for heads that come in one piece
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
    std::vector<RouteTablePtr> routes_;  // by listener
    std::vector<TlsServerContextPtr> tls_;
    std::vector<ProxyRulesPtr> proxies_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t open_ = 0;
    std::int64_t date_s_ = -1;
    std::string date_;  // of that second
    bool is_ending_ = false;
};

}  // namespace streamhost::net
