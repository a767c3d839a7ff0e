#include "sim/cluster.hpp"

#include <utility>

#include "sim/wire.hpp"

namespace streamhost::sim {

namespace {

// Below the lease: whoever writes to a master that was replaced hears of the new one before that counts a
// lapse.
constexpr std::int64_t kUnnoticedMs = 3'000;
// After this a connection without an answer is given up.
constexpr std::int64_t kSilentMs = 1'000;
constexpr std::uint16_t kFirstPort = 6'379;

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

void Cluster::ask_sentinels(std::size_t node, Answered answered) {
    const bool is_cut = events_.now_ms() < links_[node].cut_until_ms;
    auto answers = std::make_shared<std::vector<redis::SentinelAnswer>>(kSentinels);
    for (std::size_t i = 0; i < kSentinels && !is_cut; ++i) {
        const View& view = views_[node][i];
        (*answers)[i].kind = redis::SentinelAnswer::Kind::kMaster;
        (*answers)[i].master = {"redis", static_cast<std::uint16_t>(kFirstPort + view.master)};
        (*answers)[i].config_epoch = view.epoch;
    }
    auto task = [answers, answered = std::move(answered)] { answered(*answers); };
    events_.after(is_cut ? 300 : travel_ms(), links_[node].end->on_node(std::move(task)));
}

void Cluster::connect(std::size_t node, const redis::Address& server, Connected connected) {
    const std::size_t to = server.port - kFirstPort;
    const auto is_good = std::make_shared<bool>(false);
    auto task =
        links_[node].end->on_node([connected = std::move(connected), is_good] { connected(*is_good); });
    events_.after(travel_ms(), [this, node, to, is_good, task = std::move(task)] {
        Link& link = links_[node];
        if (!is_reachable(link)) return events_.after(kSilentMs, task);
        *is_good = is_master(to);
        if (*is_good) {
            link.server = to;
            link.connection = ++connections_;
            link.is_subscribed = false;
            link.arrival_ms = 0;
            link.answer_ms = 0;
        }
        events_.after(travel_ms(), task);
    });
}

void Cluster::disconnect(std::size_t node) {
    links_[node].connection = 0;
    links_[node].is_subscribed = false;
    links_[node].is_lossless = false;
}

void Cluster::tell(std::size_t node, void (NodeEnd::*what)()) {
    NodeEnd* end = links_[node].end;
    if (end != nullptr) end->on_node([end, what] { (end->*what)(); })();
}

// The connection ends, and the node hears of that.
void Cluster::lose(std::size_t node, std::int64_t after_ms) {
    links_[node].is_lossless = false;
    if (links_[node].connection == 0) return;
    events_.after(after_ms, [this, node, connection = links_[node].connection] {
        if (links_[node].connection != connection) return;
        disconnect(node);
        tell(node, &NodeEnd::disconnected);
    });
}

void Cluster::answer(std::size_t node, std::uint64_t connection, std::function<void()> task) {
    Link& link = links_[node];
    link.answer_ms = std::max(link.answer_ms, events_.now_ms() + travel_ms());
    events_.at(link.answer_ms, [this, node, connection, task = std::move(task)] {
        if (links_[node].connection == connection) task();
    });
}

void Cluster::call(std::size_t node, CommandRef command, Done done) {
    Link& link = links_[node];
    link.arrival_ms = std::max(link.arrival_ms, events_.now_ms() + travel_ms());
    const auto reply = std::make_shared<Reply>();
    auto task = link.end->on_node([done = std::move(done), reply] { done(*reply); });
    events_.at(link.arrival_ms, [this, node, connection = link.connection, command = std::move(command),
                                 reply, task = std::move(task)] {
        const Link& now = links_[node];
        if (now.connection != connection || !is_reachable(now)) return;
        if (!is_master(now.server)) return lose(node, travel_ms());
        reply->is_refused = refuses(now.server, *command);
        if (!reply->is_refused) *reply = execute(now.server, *command);
        if (events_.now_ms() < now.loses_until_ms && random_.chance(30)) return lose(node, travel_ms());
        answer(node, connection, task);
    });
}

bool Cluster::refuses(std::size_t server, const Command& command) const {
    return command.writes() && events_.now_ms() < servers_[server].alone_until_ms;
}

Reply Cluster::execute(std::size_t server, const Command& command) {
    std::shared_ptr<Effect> effect;
    Host& host = servers_[server];
    Reply reply = host.server.execute(command, events_.now_ms() + host.skew_ms, mutation_, effect);
    if (reply.is_fresh && command.given == 0 && on_grant_) on_grant_(command.stream, command.pid);
    if (effect) {
        if (!effect->added.empty()) {
            effect->message = message_of(*effect);
            publish(server, effect);
        }
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
    for (std::size_t node = 0; node < kNodes; ++node) {
        Link& link = links_[node];
        if (link.server != from || !link.is_subscribed) continue;
        if (now_ms < link.cut_until_ms) {
            link.is_lossless = false;
            continue;
        }
        if (effect->stream < kRuns) link.published[effect->stream] = effect->added.back().seq;
        const bool is_disturbed = now_ms < link.disturbed_until_ms;
        const int copies = is_disturbed && random_.chance(40) ? 2 : 1;
        for (int copy = 0; copy < copies; ++copy) {
            const std::int64_t late_ms = is_disturbed ? random_.between(1, 400) : 2;
            auto task = link.end->on_node([end = link.end, effect] { end->live(effect); });
            events_.after(late_ms, [this, node, connection = link.connection, task = std::move(task)] {
                if (links_[node].connection == connection) task();
            });
        }
    }
}

void Cluster::subscribe(std::size_t node, std::function<void()> done) {
    Link& link = links_[node];
    auto task = link.end->on_node(std::move(done));
    events_.after(travel_ms(), [this, node, connection = link.connection, task = std::move(task)] {
        Link& now = links_[node];
        if (now.connection != connection || !is_reachable(now)) return;
        now.is_subscribed = true;
        answer(node, connection, task);
    });
}

// The replica that is furthest, as Sentinels choose; one in five times another one, for they may not know.
void Cluster::promote(std::int64_t notice_ms) {
    std::size_t best = kServers;
    for (std::size_t i = 0; i < kServers; ++i) {
        if (i == master_ || !servers_[i].is_up) continue;
        const auto length = [this](std::size_t at) {
            std::size_t entries = 0;
            for (std::size_t stream = 0; stream < kStreams; ++stream)
                entries += servers_[at].server.stream(stream).log.size();
            return entries;
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
    // Until its replicas came over.
    if (random_.chance(40)) servers_[master_].alone_until_ms = events_.now_ms() + random_.between(500, 8'000);
    // Each Sentinel tells each node at another time; one of three may keep it to itself for long.
    for (std::size_t node = 0; node < kNodes; ++node)
        for (std::size_t i = 0; i < kSentinels; ++i) {
            const bool is_slow = i == 2 && random_.chance(30);
            events_.after(is_slow ? 8'000 : random_.between(10, notice_ms), [this, node, i, era = era_] {
                if (era != era_) return;
                views_[node][i] = {master_, era};
                tell(node, &NodeEnd::master_changed);
            });
        }
}

bool Cluster::crash_master() {
    if (std::exchange(is_moving_, true)) return false;
    const std::size_t old = master_;
    servers_[old].is_up = false;
    servers_[old].takes_writes = false;
    for (std::size_t node = 0; node < kNodes; ++node)
        if (links_[node].server == old) lose(node, travel_ms());
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
        for (std::size_t node = 0; node < kNodes; ++node)
            if (links_[node].server == old) lose(node, travel_ms());
        is_moving_ = false;
    });
    return true;
}

void Cluster::stop_all(std::int64_t ms) {
    stopped_until_ms_ = events_.now_ms() + ms;
    for (std::size_t node = 0; node < kNodes; ++node)
        lose(node, std::min(ms, random_.between(kSilentMs / 2, kSilentMs)));
}

void Cluster::leave_alone(std::int64_t ms) { servers_[master_].alone_until_ms = events_.now_ms() + ms; }

void Cluster::cut(std::size_t node, std::int64_t ms) {
    links_[node].cut_until_ms = events_.now_ms() + ms;
    lose(node, std::min(ms, random_.between(kSilentMs / 2, kSilentMs)));
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
    events_.after(random_.between(10, 3'000), [this, node, connection = link.connection] {
        if (links_[node].connection != connection) return;
        tell(node, &NodeEnd::channel_lost);
    });
}

}  // namespace streamhost::sim
