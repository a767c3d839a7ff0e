#include "sim/cluster.hpp"

#include <utility>

namespace streamhost::sim {

namespace {

constexpr std::int64_t kTimeoutMs = 2'000;
// Below the lease: whoever writes to a master that was replaced hears of the new one before that counts a
// lapse.
constexpr std::int64_t kUnnoticedMs = 3'000;

Reply failure(Status status) {
    Reply reply;
    reply.status = status;
    return reply;
}

}  // namespace

Cluster::Cluster(Events& events, Random& random, Mutation mutation)
    : events_(events), random_(random), mutation_(mutation) {
    servers_[0].takes_writes = true;
    lag_ms_ = random_.chance(50) ? random_.between(1, 20) : random_.between(100, 2'000);
    // Store time starts well above zero, as on any machine: a fence is a time.
    const bool are_equal = random_.chance(60);
    for (Host& host : servers_)
        host.skew_ms = 1'000'000 + (are_equal ? 0 : random_.between(-100, 100));
}

void Cluster::call(std::size_t node, CommandRef command, Done done) {
    Link& link = links_[node];
    const std::size_t server = link.server;
    const std::int64_t sent_ms = events_.now_ms();
    link.arrival_ms = std::max(link.arrival_ms, sent_ms + travel_ms());
    const auto answer = std::make_shared<Reply>();
    auto task = link.port->on_node([done = std::move(done), answer] { done(*answer); });
    events_.at(link.arrival_ms,
               [this, node, server, sent_ms, command = std::move(command), answer, task = std::move(task)] {
                   const Link& now = links_[node];
                   const bool is_master = servers_[server].is_up && servers_[server].takes_writes;
                   if (events_.now_ms() < stopped_until_ms_ || !is_master || now.server != server) {
                       *answer = failure(Status::kUnavailable);
                       return events_.after(travel_ms(), task);
                   }
                   *answer = failure(Status::kTimeout);
                   if (events_.now_ms() < now.cut_until_ms) return events_.at(sent_ms + kTimeoutMs, task);
                   Reply reply = execute(server, *command);
                   const bool is_lost = events_.now_ms() < now.loses_until_ms && random_.chance(50);
                   if (is_lost) return events_.at(sent_ms + kTimeoutMs, task);
                   *answer = std::move(reply);
                   events_.after(travel_ms(), [this, node, server, answer, task] {
                       // What a connection still had to say is not heard after it was given up.
                       if (links_[node].server != server) answer->status = Status::kUnavailable;
                       task();
                   });
               });
}

Reply Cluster::execute(std::size_t server, const Command& command) {
    std::shared_ptr<Effect> effect;
    Host& host = servers_[server];
    Reply reply = host.server.execute(command, events_.now_ms() + host.skew_ms, mutation_, effect);
    if (reply.is_fresh && command.given == 0 && on_grant_) on_grant_(command.run, command.pid);
    if (effect) {
        if (!effect->added.empty()) publish(server, effect);
        replicate(server, effect);
    }
    return reply;
}

void Cluster::copy_master_to(std::size_t server) {
    servers_[server].server = servers_[master_].server;
    ++servers_[server].copies;
}

void Cluster::replicate(std::size_t from, const Batch& effect) {
    if (from != master_) return;
    for (std::size_t to = 0; to < kServers; ++to) {
        if (to == from || servers_[to].takes_writes) continue;  // one that was replaced follows nobody yet
        std::int64_t& at_ms = servers_[from].replicated_ms[to];
        at_ms = std::max(at_ms, events_.now_ms() + random_.between(1, lag_ms_));
        events_.at(at_ms, [this, to, effect, era = era_, copies = servers_[to].copies] {
            const bool is_current = era == era_ && copies == servers_[to].copies;
            if (is_current && servers_[to].is_up) servers_[to].server.apply(*effect);
        });
    }
}

void Cluster::publish(std::size_t from, const Batch& effect) {
    const std::int64_t now_ms = events_.now_ms();
    for (Link& link : links_) {
        if (link.server != from || !link.is_subscribed || link.port == nullptr) continue;
        if (now_ms < link.cut_until_ms) {
            link.is_lossless = false;
            continue;
        }
        link.published[effect->run] = effect->added.back().seq;
        const bool is_disturbed = now_ms < link.disturbed_until_ms;
        const int copies = is_disturbed && random_.chance(40) ? 2 : 1;
        for (int copy = 0; copy < copies; ++copy) {
            const std::int64_t late_ms = is_disturbed ? random_.between(1, 400) : 2;
            events_.after(late_ms, link.port->on_node([port = link.port, effect] { port->live(effect); }));
        }
    }
}

void Cluster::subscribe(std::size_t node, Done done) {
    const auto answer = std::make_shared<Reply>();
    auto task = links_[node].port->on_node([done = std::move(done), answer] { done(*answer); });
    events_.after(travel_ms(), [this, node, answer, task = std::move(task)] {
        Link& link = links_[node];
        const bool is_reachable = events_.now_ms() >= stopped_until_ms_ && servers_[link.server].is_up &&
                                  events_.now_ms() >= link.cut_until_ms;
        link.is_subscribed = link.is_subscribed || is_reachable;
        *answer = failure(is_reachable ? Status::kOk : Status::kUnavailable);
        events_.after(travel_ms(), task);
    });
}

void Cluster::switch_to(std::size_t node, std::size_t server) {
    Link& link = links_[node];
    link.server = server;
    link.is_lossless = false;
    events_.after(travel_ms(), link.port->on_node([port = link.port] { port->link_up(); }));
}

// The replica that is furthest, as Sentinels choose; one in five times another one, for they may not know.
void Cluster::promote(std::int64_t notice_ms) {
    std::size_t best = kServers;
    for (std::size_t i = 0; i < kServers; ++i) {
        if (i == master_ || !servers_[i].is_up) continue;
        const auto length = [this](std::size_t at) {
            return servers_[at].server.stream(0).log.size() + servers_[at].server.stream(1).log.size();
        };
        if (best == kServers || (length(i) > length(best)) != random_.chance(20)) best = i;
    }
    ++era_;
    master_ = best;
    for (std::size_t i = 0; i < kServers; ++i) {
        servers_[i].replicated_ms.fill(0);
        if (i != master_ && !servers_[i].takes_writes) copy_master_to(i);
    }
    servers_[master_].takes_writes = true;
    for (std::size_t node = 0; node < kNodes; ++node)
        events_.after(random_.between(10, notice_ms), [this, node, era = era_] {
            if (era == era_) switch_to(node, master_);
        });
}

bool Cluster::crash_master() {
    if (std::exchange(is_moving_, true)) return false;
    const std::size_t old = master_;
    servers_[old].is_up = false;
    servers_[old].takes_writes = false;
    for (Link& link : links_)
        link.is_lossless = false;
    events_.after(random_.between(500, 1'500), [this, old] {
        promote(kUnnoticedMs);
        events_.after(random_.between(kUnnoticedMs, 2 * kUnnoticedMs), [this, old] {
            servers_[old].is_up = true;
            copy_master_to(old);
            is_moving_ = false;
        });
    });
    return true;
}

bool Cluster::move_master() {
    if (std::exchange(is_moving_, true)) return false;
    const std::size_t old = master_;
    const std::int64_t unnoticed_ms = random_.between(10, kUnnoticedMs);
    promote(unnoticed_ms);
    events_.after(unnoticed_ms, [this, old] {
        servers_[old].takes_writes = false;
        copy_master_to(old);
        is_moving_ = false;
    });
    return true;
}

void Cluster::stop_all(std::int64_t ms) {
    stopped_until_ms_ = events_.now_ms() + ms;
    for (std::size_t node = 0; node < kNodes; ++node) {
        links_[node].is_lossless = false;
        events_.after(ms + random_.between(1, 500), [this, node] { switch_to(node, links_[node].server); });
    }
}

void Cluster::cut(std::size_t node, std::int64_t ms) {
    Link& link = links_[node];
    link.cut_until_ms = events_.now_ms() + ms;
    link.is_lossless = false;
    events_.after(ms + 1, [this, node] { switch_to(node, links_[node].server); });
}

void Cluster::lose_answers(std::size_t node, std::int64_t ms) {
    links_[node].loses_until_ms = events_.now_ms() + ms;
}

void Cluster::disturb_live(std::size_t node, std::int64_t ms) {
    links_[node].disturbed_until_ms = events_.now_ms() + ms;
    links_[node].is_lossless = false;
}

void Cluster::drop_subscriber(std::size_t node) {
    Link& link = links_[node];
    link.is_lossless = false;
    if (!std::exchange(link.is_subscribed, false)) return;
    events_.after(random_.between(10, 3'000), [this, node] {
        links_[node].is_subscribed = true;
        switch_to(node, links_[node].server);
    });
}

}  // namespace streamhost::sim
