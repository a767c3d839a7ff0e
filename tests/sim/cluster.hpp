// Three servers, one of them the master, three Sentinels that name it, and the ways between them and the
// nodes: where everything gets lost.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "redis/client/resolver.hpp"
#include "sim/events.hpp"
#include "sim/server.hpp"

namespace streamhost::sim {

inline constexpr std::size_t kServers = 3;
inline constexpr std::size_t kNodes = 3;

inline constexpr std::size_t kSentinels = 3;

using Batch = std::shared_ptr<const Effect>;

// What the cluster says to a node's port; the node may be dead, paused, or another life of the same one.
class NodeEnd {
public:
    virtual ~NodeEnd() = default;
    virtual void live(const Batch& batch) = 0;
    virtual void disconnected() = 0;
    virtual void channel_lost() = 0;    // the subscriptions alone
    virtual void master_changed() = 0;  // a Sentinel says so
    // Runs on the node as it is now: not at all if that died, later if it is paused.
    virtual std::function<void()> on_node(std::function<void()> task) = 0;
};

class Cluster {
public:
    using Done = std::function<void(const Reply&)>;
    using Connected = std::function<void(bool is_master)>;
    using Answered = std::function<void(const std::vector<redis::SentinelAnswer>&)>;
    // A master gave a run to somebody anew.
    using OnGrant = std::function<void(std::size_t run, std::uint64_t pid)>;

    Cluster(Events& events, Random& random, Mutation mutation);
    void on_grant(OnGrant heard) { on_grant_ = std::move(heard); }
    void attach(std::size_t node, NodeEnd* end) { links_[node].end = end; }

    void ask_sentinels(std::size_t node, Answered answered);
    // A node has one connection. What is asked on it is executed in that order and answered, unless the
    // connection ends: then nobody knows.
    void connect(std::size_t node, const redis::Address& server, Connected connected);
    void disconnect(std::size_t node);
    void call(std::size_t node, CommandRef command, Done done);
    // `done`: everything that is published from now on arrives, as long as the connection holds.
    void subscribe(std::size_t node, std::function<void()> done);

    // Faults. False: not now, one of that kind is under way.
    bool crash_master();
    bool move_master();              // planned: the old one goes on acknowledging for a while
    void stop_all(std::int64_t ms);  // no server answers; nothing is lost
    // The master has no replicas, and refuses writes.
    void leave_alone(std::int64_t ms);
    void cut(std::size_t node, std::int64_t ms);           // neither requests nor answers, nor live records
    void lose_answers(std::size_t node, std::int64_t ms);  // half of them, after the command took effect
    void disturb_live(std::size_t node, std::int64_t ms);  // late, twice, out of order
    void drop_subscriber(std::size_t node);

    [[nodiscard]] const Server& master() const noexcept { return servers_[master_].server; }
    [[nodiscard]] bool is_calm() const noexcept { return !is_moving_; }
    // The highest number of a run that was published to the node; no hole below it as long as `is_lossless`.
    [[nodiscard]] std::uint64_t published(std::size_t node, std::size_t run) const noexcept {
        return links_[node].published[run];
    }
    [[nodiscard]] bool is_lossless(std::size_t node) const noexcept { return links_[node].is_lossless; }

private:
    struct Host {
        Server server;
        std::int64_t skew_ms = 0;
        std::int64_t alone_until_ms = 0;  // without replicas it takes no writes
        bool is_up = true;
        bool takes_writes = false;
        std::uint32_t copies = 0;  // that it took of a master: what was on the way to it then is in there
        std::array<std::int64_t, kServers> replicated_ms{};  // when the last effect reaches them
    };
    struct Link {
        NodeEnd* end = nullptr;
        std::size_t server = 0;
        std::uint64_t connection = 0;  // 0: none
        bool is_subscribed = false;
        bool is_lossless = true;
        std::int64_t arrival_ms = 0;  // of the last command, and of the last answer
        std::int64_t answer_ms = 0;
        std::int64_t cut_until_ms = 0;
        std::int64_t loses_until_ms = 0;
        std::int64_t disturbed_until_ms = 0;
        std::array<std::uint64_t, kRuns> published{};
    };

    // What one Sentinel answers to one node.
    struct View {
        std::size_t master = 0;
        std::uint64_t epoch = 1;
    };

    void tell(std::size_t node, void (NodeEnd::*what)());
    void lose(std::size_t node, std::int64_t after_ms);
    void answer(std::size_t node, std::uint64_t connection, std::function<void()> task);
    [[nodiscard]] bool is_reachable(const Link& link) const noexcept {
        return events_.now_ms() >= stopped_until_ms_ && events_.now_ms() >= link.cut_until_ms;
    }
    [[nodiscard]] bool is_master(std::size_t server) const noexcept {
        return servers_[server].is_up && servers_[server].takes_writes;
    }
    [[nodiscard]] bool refuses(std::size_t server, const Command& command) const;
    Reply execute(std::size_t server, const Command& command);
    void copy_master_to(std::size_t server);
    void replicate(std::size_t from, const Batch& effect);
    void publish(std::size_t from, const Batch& effect);
    void promote(std::int64_t notice_ms);
    [[nodiscard]] std::int64_t travel_ms() { return random_.between(1, 3); }

    Events& events_;
    Random& random_;
    Mutation mutation_;
    OnGrant on_grant_;
    std::array<Host, kServers> servers_;
    std::array<Link, kNodes> links_;
    std::array<std::array<View, kSentinels>, kNodes> views_;
    std::uint64_t connections_ = 0;
    std::size_t master_ = 0;
    std::uint64_t era_ = 1;  // effects of an earlier master reach nobody; the Sentinels' config epoch
    bool is_moving_ = false;
    std::int64_t stopped_until_ms_ = 0;
    std::int64_t lag_ms_ = 0;
};

}  // namespace streamhost::sim
