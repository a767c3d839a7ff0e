#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "streamhost/unique_function.hpp"

#include "redis/resp.hpp"

namespace streamhost::redis {

// The problem: a connection to a server carries thousands of commands at once, each with its own deadline,
// and must tell each caller exactly what may be concluded: answered, never sent, or nobody knows. And it must
// not be used before the server proved to be the one that is meant.
//
// Link is one connection without its socket and without a clock: bytes and time go in, bytes and answers come
// out. Answers come in the order of the commands (RESP has no other). Commands of one round leave in one
// piece, which is all the pipelining there is. A deadline that passes ends the connection: what comes after
// it on the wire could not be told apart. One thread.
//
// RESP3 from the first command on, so that messages of subscriptions are told from answers: servers
// since 6.2.

struct LinkOptions {
    std::string username;  // ACL; empty: the server's default user
    std::string password;  // empty: no AUTH
    std::uint32_t database = 0;
    std::string client_name;  // what CLIENT LIST shows
    bool wants_master = true;
    std::uint32_t greeting_ms = 2'000;              // from open() to ready
    std::size_t max_commands = 10'000;              // without an answer
    std::size_t max_bytes = std::size_t{64} << 20;  // not yet taken by the socket
};

enum class LinkState : std::uint8_t { kClosed = 1, kGreeting, kReady };

// Why a connection ended, for logs, metrics and whoever decides what is next.
enum class LinkEnd : std::uint8_t {
    kNone = 1,
    kByUs,
    kByPeer,     // or the network
    kTimeout,    // a command or the greeting had no answer in time
    kGarbage,    // no RESP
    kPassword,   // WRONGPASS, NOAUTH
    kRight,      // NOPERM: a command, a key or a channel is not for this user
    kDatabase,   // SELECT refused
    kNotMaster,  // ROLE, or READONLY later
    kLoading,    // LOADING, MASTERDOWN: it will be one later
    kTooOld,     // no HELLO, or a version below kOldestServer
    kRefused,    // another error while greeting, or to a command that is answered out of band
    kTls,        // no agreement, or the certificate is not the server's
};
[[nodiscard]] std::string_view describe(LinkEnd end) noexcept;
// A word for metrics.
[[nodiscard]] std::string_view name_of(LinkEnd end) noexcept;
inline constexpr std::size_t kLinkEnds = static_cast<std::size_t>(LinkEnd::kTls) + 1;

enum class LinkAnswer : std::uint8_t {
    kReply = 1,  // value is the server's, an error among them
    kUnsent,     // the connection ended before a byte of it left: it had no effect
    kUnknown,    // it left and nobody knows
};
struct LinkReply {
    LinkAnswer answer = LinkAnswer::kUnknown;
    RespValue value;  // valid during the call
};
using LinkDone = UniqueFunction<void(const LinkReply&)>;

class Link {
public:
    explicit Link(LinkOptions options) : options_(std::move(options)) {}
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    // The socket is connected: greets. Only when closed.
    void open(std::int64_t now_ms);
    // Answers everything that waits; `done`s run inside. No effect when closed.
    void close(LinkEnd why, std::string_view detail = {});
    // The same for an error of the server: what it says of the server is why, else `otherwise`.
    void refuse(std::string_view error, LinkEnd otherwise = LinkEnd::kRefused);

    // False: not ready, or at a limit; then `done` never runs. `command` is RESP of exactly one command.
    [[nodiscard]] bool send(std::string_view command, std::int64_t deadline_ms, LinkDone done);
    // The same for commands that are answered out of band: SUBSCRIBE and its kin.
    [[nodiscard]] bool send_unanswered(std::string_view command);

    // What the socket is to take next, from its front; sent(n) says how much it took.
    [[nodiscard]] std::string_view outgoing() const noexcept { return std::string_view(out_).substr(sent_); }
    void sent(std::size_t size);
    // Room to receive into, as RespReader says; received(n) runs the `done`s of what is complete.
    [[nodiscard]] char* room(std::size_t size) { return reader_.room(size); }
    void received(std::size_t size);
    // Ends the connection when a deadline has passed. Call it at next_deadline_ms() or later.
    void tick(std::int64_t now_ms);
    [[nodiscard]] std::int64_t next_deadline_ms() const noexcept { return earliest_ms_; }

    // Out of band: pushes, and messages of a subscription. [inside received()]
    UniqueFunction<void(const RespValue&)> on_push;
    // Became ready, or closed (then ended() says why).
    UniqueFunction<void()> on_change;

    [[nodiscard]] LinkState state() const noexcept { return state_; }
    [[nodiscard]] LinkEnd ended() const noexcept { return ended_; }
    // What the server said when it refused something, for the log.
    [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
    // Of the server, from its greeting: "7.0.15".
    [[nodiscard]] const std::string& version() const noexcept { return version_; }
    // Of this connection, as the server numbers them; 0 before the greeting.
    [[nodiscard]] std::int64_t client_id() const noexcept { return client_id_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    // That came whole, on all connections.
    [[nodiscard]] std::uint64_t values() const noexcept { return values_; }

private:
    struct Waiting {
        std::uint64_t begins_at = 0;  // in the order of all bytes
        std::int64_t deadline_ms = 0;
        LinkDone done;
    };

    void greet(std::string_view command, LinkDone done);
    bool is_fine(const LinkReply& reply, LinkEnd otherwise);
    void check_server(const LinkReply& reply);
    void check_role(const LinkReply& reply);
    [[nodiscard]] bool has_room(std::size_t size) const noexcept;
    void put(std::string_view command);
    void enqueue(std::string_view command, std::int64_t deadline_ms, LinkDone done);
    void take(const RespValue& value);
    void become(LinkState state);

    static constexpr std::int64_t kNever = INT64_MAX;
    static constexpr std::string_view kOldestServer = "6.2";

    LinkOptions options_;
    LinkState state_ = LinkState::kClosed;
    LinkEnd ended_ = LinkEnd::kNone;
    std::string detail_;
    std::string version_;
    std::int64_t client_id_ = 0;
    RespReader reader_;
    std::string out_;
    std::size_t sent_ = 0;            // of out_
    std::uint64_t queued_total_ = 0;  // bytes ever put into out_ on this connection
    std::uint64_t sent_total_ = 0;
    std::deque<Waiting> waiting_;
    std::uint64_t values_ = 0;
    std::int64_t greeting_deadline_ms_ = 0;
    std::int64_t earliest_ms_ = kNever;
};

}  // namespace streamhost::redis
