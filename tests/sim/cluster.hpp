// Three servers, one of them the master, and the ways between them and the nodes: where everything gets lost.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "sim/events.hpp"
#include "sim/server.hpp"

namespace streamhost::sim {

inline constexpr std::size_t kServers = 3;
inline constexpr std::size_t kNodes = 3;

using Batch = std::shared_ptr<const Effect>;

// What the cluster says to a node; it may be dead, paused, or another life of the same one.
class NodePort {
public:
    virtual ~NodePort() = default;
    virtual void live(const Batch& batch) = 0;
    virtual void link_up() = 0;
    // Runs on the node as it is now: not at all if that died, later if it is paused.
    virtual std::function<void()> on_node(std::function<void()> task) = 0;
};

class Cluster {
public:
    using Done = std::function<void(const Reply&)>;

    Cluster(Events& events, Random& random, Mutation mutation);
    using OnGrant = std::function<void(std::size_t run, std::uint64_t pid)>;
    // A master gave a run to somebody anew.
    void on_grant(OnGrant heard) { on_grant_ = std::move(heard); }
    void attach(std::size_t node, NodePort* port) { links_[node].port = port; }

    // Commands of one node arrive in their order. Exactly one answer, unless the node dies.
    void call(std::size_t node, CommandRef command, Done done);
    // `done`: the channel is live.
    void subscribe(std::size_t node, Done done);
    void unsubscribe(std::size_t node) { links_[node].is_subscribed = false; }

    // Faults. False: not now, one of that kind is under way.
    bool crash_master();
    bool move_master();                           // planned: the old one goes on acknowledging for a while
    void stop_all(std::int64_t ms);               // no server answers; nothing is lost
    void cut(std::size_t node, std::int64_t ms);  // neither requests nor answers, nor live records
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
        bool is_up = true;
        bool takes_writes = false;
        std::uint32_t copies = 0;  // that it took of a master: what was on the way to it then is in there
        std::array<std::int64_t, kServers> replicated_ms{};  // when the last effect reaches them
    };
    struct Link {
        NodePort* port = nullptr;
        std::size_t server = 0;
        bool is_subscribed = false;
        bool is_lossless = true;
        std::int64_t arrival_ms = 0;
        std::int64_t cut_until_ms = 0;
        std::int64_t loses_until_ms = 0;
        std::int64_t disturbed_until_ms = 0;
        std::array<std::uint64_t, kRuns> published{};
    };

    Reply execute(std::size_t server, const Command& command);
    void copy_master_to(std::size_t server);
    void replicate(std::size_t from, const Batch& effect);
    void publish(std::size_t from, const Batch& effect);
    void promote(std::int64_t notice_ms);
    void switch_to(std::size_t node, std::size_t server);
    [[nodiscard]] std::int64_t travel_ms() { return random_.between(1, 3); }

    Events& events_;
    Random& random_;
    Mutation mutation_;
    OnGrant on_grant_;
    std::array<Host, kServers> servers_;
    std::array<Link, kNodes> links_;
    std::size_t master_ = 0;
    std::uint64_t era_ = 0;  // effects of an earlier master reach nobody
    bool is_moving_ = false;
    std::int64_t stopped_until_ms_ = 0;
    std::int64_t lag_ms_ = 0;
};

}  // namespace streamhost::sim
