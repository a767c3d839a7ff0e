// The problem: the registry in the store must say which sessions are on this node, while connections come and
// go, answers get lost, the store goes away and comes back empty, and this node may be stopped so long that
// the others take it for dead. Nodes that clean up after each other must never remove what lives.
//
// The roster keeps what is true here and brings the store to say the same: each session has one command under
// way at most, and what was answered is compared with what is true by then. Every entry is a lease that the
// heartbeat renews; a renewal that names missing entries has them written again. Lapsed entries are only
// taken by a node that itself reached the store for one whole lease: after an outage everybody is late. And
// only when all else of a heartbeat was answered: a store that was stopped does what it finds in its sockets
// when it wakes, and an order to expire must not be among it.
//
// No I/O and no clock: events go in, next() says what to ask the store. Not thread-safe. [store]
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/websocket.h"
#include "streamhost/abi/status.h"

#include "recent_sessions.hpp"

namespace session {

struct RosterOptions {
    std::string node;
    std::int64_t ttl_ms = 6'000;  // lease of an entry
    std::string server{};         // its name with its version, for those who look at the nodes
    std::string incarnation{};    // of this process
};

// Who joins, as checked before.
struct Member {
    sh_connection connection = 0;
    std::string session;
    std::string user;
    std::string client;
    std::int64_t since_ms = 0;    // wall clock
    std::int64_t created_ms = 0;  // of the session, on whatever node it was first
    bool is_guest = false;        // was granted another user's session
};

struct Command {
    enum class Kind { kPut = 1, kRemove, kRenew, kExpire, kNodePut, kNodeRemove };
    Kind kind = Kind::kPut;
    std::vector<std::string> sessions;  // one for put and remove
    std::string user;
    std::string data;  // JSON
};

struct Outcome {
    sh_status status = SH_OK;
    std::vector<std::string> missing;                         // renew
    std::vector<std::pair<std::string, std::string>> lapsed;  // expire: session, node
};

// Whose a session was taken to be, while nobody could be asked.
struct Claim {
    std::string session;
    std::string user;
};

class Roster {
public:
    static constexpr std::size_t kWindow = 256;      // commands under way
    static constexpr std::size_t kChoreWindow = 8;   // of them the heartbeat's, so that it leaves room
    static constexpr std::size_t kRenewBatch = 256;  // sessions of one renewal
    static constexpr std::uint32_t kExpirePage = 100;

    explicit Roster(RosterOptions options) : options_(std::move(options)) {}

    // SH_CONFLICT: the connection has joined already; SH_FORBIDDEN: the session is held by another user.
    [[nodiscard]] sh_status join(const Member& member);
    // Answers the session, when that was its last connection here.
    std::string leave(sh_connection connection, std::int64_t now_ms);
    // All sessions and the node leave the store; nothing joins any more.
    void close(std::int64_t now_ms);

    // The heartbeat.
    void tick(std::int64_t now_ms);
    // What to ask the store now, until there is nothing.
    [[nodiscard]] std::optional<Command> next();
    void answered(const Command& command, const Outcome& outcome, std::int64_t now_ms);

    [[nodiscard]] bool has(std::string_view session) const;
    [[nodiscard]] bool has_joined(sh_connection connection) const { return homes_.contains(connection); }
    [[nodiscard]] std::vector<sh_connection> connections_of(std::string_view session) const;
    // Connections of the session whose user is another than the session's: it had no owner when they came.
    [[nodiscard]] std::vector<sh_connection> strangers_of(std::string_view session) const;
    [[nodiscard]] std::int64_t created_ms(std::string_view session) const;
    // Whose it is in the registry; empty: it is not here.
    [[nodiscard]] std::string user_of(std::string_view session) const;
    // The user was found to own the session. True for a while afterwards, so that not each write asks.
    void note_owner(std::string_view session, std::string_view user, std::int64_t now_ms);
    [[nodiscard]] bool is_owner(std::string_view session, std::string_view user, std::int64_t now_ms) const;

    // When the store cannot be asked: the session is the user's here, or was until a minute ago. Answers when
    // it was created; nullopt: this node does not know.
    [[nodiscard]] std::optional<std::int64_t> known_since(std::string_view session, std::string_view user,
                                                          std::int64_t now_ms) const;
    // Its user was believed: the store has to be asked. Until next_claim() takes it out.
    void doubt(const std::string& session);
    void doubt_all();
    // By another user who is in it.
    [[nodiscard]] bool is_held(const Member& member) const;
    [[nodiscard]] std::optional<Claim> next_claim();
    // The store said that it is another user's: who was believed has to go, and is believed no more.
    [[nodiscard]] std::vector<sh_connection> disown(const Claim& claim);
    // The same of one who is not here.
    void refused(const Claim& claim);

    [[nodiscard]] std::size_t sessions() const noexcept { return open_; }
    [[nodiscard]] std::size_t connections() const noexcept { return homes_.size(); }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    // Commands that wait or are under way.
    [[nodiscard]] std::size_t unsettled() const noexcept { return in_flight_ + due_.size() + chores_.size(); }
    // A heartbeat did not get through, and none has since.
    [[nodiscard]] bool has_lost_store() const noexcept { return has_lost_store_; }

private:
    struct Connection {
        sh_connection id = 0;
        std::string user;
        bool is_guest = false;
    };
    struct Entry {
        std::string user;  // a guest's only until somebody else comes
        bool is_guests = true;
        std::string client;
        std::int64_t since_ms = 0;
        std::int64_t created_ms = 0;
        std::int64_t gone_ms = 0;  // when the last connection left
        std::int64_t owned_until_ms = 0;
        std::vector<Connection> connections;
        bool is_dirty = true;  // the store does not say what is true here
        bool is_queued = false;
        bool is_under_way = false;
        bool is_disowned = false;  // its user was found not to own it: believed no more
    };
    using Entries = std::unordered_map<std::string, Entry>;

    void want(const std::string& session, Entry& entry);
    void admit(Entry& entry, const Member& member);
    [[nodiscard]] std::optional<Command> write_of(const std::string& session, Entry& entry) const;
    void plan_renewals();
    void retry_writes(std::int64_t now_ms);
    void answered_write(const Command& command, sh_status status);
    void answered_chore(const Command& command, const Outcome& outcome, std::int64_t now_ms);
    void write_again(const std::string& session);
    void plan_expiry();
    [[nodiscard]] Command node_put() const;

    RosterOptions options_;
    Entries entries_;
    std::unordered_map<sh_connection, std::string> homes_;  // session of a connection
    RecentSessions recent_;                                 // sessions that have no entry with connections
    std::set<std::string> doubted_;                         // sessions with connections, to ask about
    std::deque<std::string> due_;                           // sessions to write
    std::deque<Command> chores_;                            // of the heartbeat, in order
    std::size_t in_flight_ = 0;
    std::size_t chores_in_flight_ = 0;
    std::size_t open_ = 0;  // sessions with connections
    std::int64_t last_tick_ms_ = -1;
    std::int64_t healthy_since_ms_ = -1;  // -1: the last heartbeat did not get through
    bool is_expiry_due_ = false;
    bool has_lost_store_ = false;
    bool is_closed_ = false;
};

}  // namespace session
