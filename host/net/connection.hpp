#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/connection_events.hpp"
#include "net/http_head.hpp"
#include "net/http_reply.hpp"
#include "net/ip_address.hpp"
#include "net/proxy_rules.hpp"
#include "net/secure_socket.hpp"
#include "net/ws_codec.hpp"
#include "net/ws_deflate.hpp"
#include "net/ws_extension.hpp"
#include "runtime/fd_table.hpp"
#include "runtime/timer_wheel.hpp"

namespace streamhost::net {

class LoopServer;
struct PhaseDeadline {};  ///< the tag of a connection's one timer

/// A socket that a listener brought.
struct Accepted {
    int fd = -1;
    std::uint32_t listener = 0;
    PeerAddress peer;
};

/// The problem: a connection is a request, then another one, or a WebSocket for hours; it may trickle, flood,
/// stall or vanish at any byte, and while it rests it must cost next to nothing.
///
/// One accepted socket on one loop. Bytes come from the loop's shared buffer and are decoded in place; what
/// goes out is pulled from an Outbox, so there is no queue here but the answer to a request. One timer stands
/// for the deadline of the phase: head, first message, heartbeat, closing. Everything [loop].
class Connection final : public runtime::FdHandler, private runtime::TimerFor<Connection, PhaseDeadline> {
public:
    enum class Flushed : std::uint8_t { kAll = 1, kBlocked, kBudget, kGone };

    /// `tls`: nullptr for a connection in clear.
    Connection(LoopServer& server, ConnectionId id, const Accepted& accepted, TlsServerContextPtr tls,
               ProxyRulesPtr proxies);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] ConnectionId id() const noexcept { return id_; }
    /// Who connects, as text (PeerAddress): the client, where a proxy that is trusted says who that is.
    [[nodiscard]] std::string peer() const { return peer_.text(); }
    /// What that client asked with and for, also where such a proxy asked otherwise; while a request or
    /// upgrade is handed on. `head` is its own.
    [[nodiscard]] std::string_view scheme() const noexcept;
    [[nodiscard]] std::string_view host(const HttpHead& head) const noexcept;
    [[nodiscard]] void* user() const noexcept { return user_; }
    void set_user(void* user) noexcept { user_ = user; }
    /// It has an outbox: a WebSocket, or a response that goes on.
    [[nodiscard]] bool is_streaming() const noexcept { return outbox_ != nullptr; }
    [[nodiscard]] bool is_websocket() const noexcept {
        return outbox_ != nullptr && endpoint_->kind == Endpoint::Kind::kWebSocket;
    }
    /// A request is under way and was not answered, for example with 504.
    [[nodiscard]] bool awaits_answer() const noexcept {
        return phase_ == Phase::kAnswering && answer_ == nullptr;
    }
    [[nodiscard]] bool is_secure() const noexcept { return tls_ != nullptr; }
    /// Whether another request may follow the one that is being answered.
    [[nodiscard]] bool keeps_alive() const noexcept { return keep_alive_; }
    [[nodiscard]] bool is_closing() const noexcept { return phase_ == Phase::kClosing; }
    [[nodiscard]] const Endpoint* endpoint() const noexcept { return endpoint_.get(); }
    /// What its client agreed to, from the upgrade on.
    [[nodiscard]] WsCompression compression() const noexcept { return compression_; }

    /// Sends what is due, at most `byte_budget`. kBlocked: the socket takes no more, writable() follows.
    Flushed flush(std::size_t byte_budget);
    /// Starts the closing handshake, or sends the last chunk of a response, after what is queued directly;
    /// stream frames are sent no more. A second call changes nothing.
    void close(std::uint16_t code, std::string_view reason);
    /// Ends the transport now, without a word.
    void abort(std::uint16_t code, std::string_view reason);
    /// Answers the request under way with whole response bytes.
    void reply(std::string response, bool keep_alive);
    /// Begins to answer it with a response that has no length: `head` ends with an empty line and says that
    /// chunks follow; they come from the outbox. The connection serves no other request.
    void begin_stream(std::string head, Outbox& outbox);

    void pause() noexcept;   ///< stop reading; counted
    void resume() noexcept;  ///< reading goes on with the next round

private:
    friend runtime::TimerFor<Connection, PhaseDeadline>;
    friend class LoopServer;
    enum class Phase : std::uint8_t { kHead = 1, kBody, kAnswering, kOpen, kStreaming, kClosing, kDead };
    /// A request that did not come in one piece.
    struct Pending {
        HttpHeadParser parser;
        std::string bytes;
        std::size_t head_size = 0;  // of a complete head whose body is awaited
        bool has_head = false;
    };
    /// Less common state, made when it is needed.
    struct Extra {
        std::string cors;                  // lines of the answer under way, if any
        std::vector<std::uint8_t> unread;  // read from the socket, not decoded: paused; from unread_at on
        std::size_t unread_at = 0;
        std::uint16_t close_code = 1006;
        std::string close_reason;
        bool peer_closed = false;
        bool failed = false;  // the peer broke the protocol: its answer is not awaited
        bool decode_posted = false;
        std::unique_ptr<WsInflater> inflater;  // has a message that takes more than one turn
    };

    /// Of a listener that believes proxies; not of WebSockets, whose client is settled.
    struct Proxied {
        Proxied(ProxyRulesPtr believed, const PeerAddress& who);
        ProxyRulesPtr rules;
        PeerAddress peer;                         // who connects, by address or header
        bool may_forward;                         // is believed about its requests
        std::unique_ptr<ProxyPreface> preface{};  // until a header came, where one is due
        std::string_view scheme{};                // of the request under way, if anybody says
        std::string_view host{};                  // views of its head
    };

    void on_fd(std::uint32_t events) override;
    void on_timer(PhaseDeadline);
    void read();
    void take(std::span<std::uint8_t> bytes);

    // What proxies say (connection_proxy.cpp).
    [[nodiscard]] bool take_proxy_header();
    void take_client(const ProxyHeader& header);
    void serve_directly();
    void end_of_proxy(std::atomic<std::uint64_t>& counter);
    void settle_client(const HttpHead& head);

    // The socket, in clear or not (connection_socket.cpp).
    [[nodiscard]] ssize_t receive(std::span<std::uint8_t> into);
    [[nodiscard]] Sent transmit(const iovec* parts, std::size_t count);
    void note_handshake();
    void end_sending();

    // Requests (connection_http.cpp).
    void take_request_bytes(std::span<std::uint8_t> bytes);
    [[nodiscard]] std::unique_ptr<Pending> pending_of(std::span<const std::uint8_t> bytes) const;
    void keep_for_later(std::span<const std::uint8_t> bytes);
    void continue_request();
    void route(const HttpHead& head, std::size_t head_size, std::span<std::uint8_t> bytes);
    void start_request(const HttpHead& head, std::size_t head_size, std::span<std::uint8_t> bytes);
    void await_body(const HttpHead& head, std::size_t head_size, std::span<const std::uint8_t> bytes);
    void answer_at_once(std::string response, std::span<const std::uint8_t> rest);
    void refuse(const HttpProblem& problem);
    void refuse_kindly(HttpProblem problem, const HttpHead& head, std::span<const std::uint8_t> rest);
    [[nodiscard]] std::string response_of(const HttpProblem& problem) const;
    void answered();
    void comment();

    // WebSocket (connection_websocket.cpp).
    void upgrade(const HttpHead& head, std::span<std::uint8_t> rest);
    void decode(std::span<std::uint8_t> bytes);
    /// What is left when no more may be decoded now.
    [[nodiscard]] std::span<std::uint8_t> decode_some(std::span<std::uint8_t> bytes);
    void decode_later();
    void decode_unread();
    bool on_event(const WsEvent& event);
    bool on_message(WsOpcode opcode, std::span<const std::uint8_t> payload);
    bool on_deflated(const WsEvent& event, std::size_t& budget);
    bool on_inflated(WsInflater& inflater);
    bool continue_inflating(std::size_t& budget);
    void on_fault(WsFault fault);
    void on_peer_close(const WsEvent& event);
    void heartbeat();
    void arm_first_deadline();
    void start_closing(std::uint16_t code, std::string_view reason);
    void end_stream(std::uint16_t code, std::string_view reason);
    void note_end(std::uint16_t code, std::string_view reason);
    void finish_closing();

    [[nodiscard]] std::string take_cors() noexcept;

    Flushed flush_answer();
    Flushed send_outbox(std::size_t byte_budget);
    void linger();
    void watch();
    [[nodiscard]] bool wants_input() const noexcept;
    [[nodiscard]] bool has_undecoded() const noexcept;
    Extra& extra();
    void die(std::uint16_t code, std::string_view reason);

    LoopServer& server_;
    Outbox* outbox_ = nullptr;
    std::shared_ptr<const Endpoint> endpoint_;  // and its table, across a change of routes
    void* user_ = nullptr;
    ConnectionId id_;
    runtime::FdToken token_;
    int fd_;
    std::uint32_t watched_ = 0;
    PeerAddress peer_;
    std::uint16_t listener_;
    Phase phase_ = Phase::kHead;
    std::uint8_t missed_pings_ = 0;
    std::uint8_t paused_ = 0;
    bool blocked_ = false;
    bool heard_first_ = false;
    bool keep_alive_ = true;
    bool is_kept_ = false;     // it has served a request, so its silence is no mistake
    bool no_content_ = false;  // the request under way is HEAD
    bool is_shaken_ = false;   // the TLS handshake was counted
    WsCompression compression_ = WsCompression::kNone;
    WsDecoder decoder_;
    std::unique_ptr<Pending> request_;
    /// Bytes that go out before anything of the outbox.
    struct Answer {
        std::string bytes;
        std::size_t sent = 0;
    };
    std::unique_ptr<Answer> answer_;
    std::unique_ptr<Extra> extra_;
    std::unique_ptr<SecureSocket> tls_;
    std::unique_ptr<Proxied> proxied_;
};

}  // namespace streamhost::net
