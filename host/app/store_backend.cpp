#include "app/store_backend.hpp"

#include <array>
#include <string>
#include <utility>

#include "redis/driver/redis_store.hpp"
#include "store/memory/memory_store.hpp"

namespace streamhost::app {

namespace {

observe::LogLevel level_of(redis::ReportLevel level) {
    if (level == redis::ReportLevel::kInfo) return observe::LogLevel::info;
    return level == redis::ReportLevel::kWarning ? observe::LogLevel::warn : observe::LogLevel::error;
}

double number(auto value) { return static_cast<double>(value); }

void collect_connections(observe::Samples& out, const redis::ClientStats& link) {
    const auto connections = [&](std::string_view state, std::uint32_t count) {
        const std::array labels{observe::Label{"role", link.role}, observe::Label{"state", state}};
        out.gauge("redis_connections", "Connections for commands", labels, number(count));
    };
    connections("ready", link.ready);
    connections("connecting", link.connecting);
    connections("down", link.down);
    for (std::size_t end = static_cast<std::size_t>(redis::LinkEnd::kByUs); end < redis::kLinkEnds; ++end) {
        const std::array labels{observe::Label{"role", link.role},
                                observe::Label{"reason", redis::name_of(static_cast<redis::LinkEnd>(end))}};
        out.counter("redis_reconnects_total", "Connections that were ready and were lost", labels,
                    number(link.reconnects_by[end]));
    }
}

void collect_server(observe::Samples& out, const redis::ClientStats& link, observe::Labels labels) {
    if (link.memory_used_bytes == 0) return;
    out.gauge("redis_memory_used_bytes", "Memory that the master uses", labels,
              number(link.memory_used_bytes));
    out.gauge("redis_memory_max_bytes", "Its maxmemory; 0: no limit", labels, number(link.memory_max_bytes));
    out.gauge("redis_replicas", "Replicas that are connected to the master", labels, number(link.replicas));
}

}  // namespace

StoreBackend::StoreBackend(const StoreSettings& settings, runtime::Loop& loop, bridge::StoreHub& hub,
                           observe::Metrics& metrics)
    : in_process_(hub) {
    if (settings.kind == StoreKind::kMemory) {
        hub.use(store::memory::make_memory_store({}, hub, hub), settings.kind_name);
        return;
    }
    client_ = std::make_unique<redis::Client>(
        loop, settings.client,
        [this](redis::ReportLevel level, std::string_view text) { log_.write(level_of(level), text, {}); });
    redis::RedisStoreOptions options;
    options.key_prefix = settings.key_prefix;
    options.database = settings.client.server.database;
    options.keeper = settings.keeper;
    options.keeper_board = &keeper_;
    const std::string prefix = "redis " + settings.client.role + ": ";
    options.on_trouble = [this, &loop, prefix](const redis::Trouble& trouble) {
        if (!troubles_.is_new(trouble, static_cast<std::int64_t>(loop.now_ms()))) return;
        const std::string what = prefix + std::string(redis::describe(trouble.kind));
        if (trouble.kind == redis::TroubleKind::kNoScripts)
            return log_.info(what, {{"what", trouble.message}});
        log_.error(what, {{"command", trouble.command}, {"what", trouble.message}, {"count", trouble.count}});
    };
    options.on_answer = [this, &metrics](std::string_view command, std::int64_t took_ms) {
        measure(metrics, command, took_ms);
    };
    auto store = redis::make_redis_store(std::move(options), *client_, hub, hub);
    if (settings.policies.has(store::Policy::kMemory))
        store = store::make_policy_store(settings.policies, std::move(store),
                                         store::memory::make_memory_store({}, hub, in_process_));
    hub.use(std::move(store), settings.kind_name, settings.policies);
}

void StoreBackend::measure(observe::Metrics& metrics, std::string_view command, std::int64_t took_ms) {
    constexpr std::array kBounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5};
    observe::Histogram*& seconds = seconds_[command];
    if (seconds == nullptr)
        seconds = &metrics.histogram("redis_command_seconds",
                                     "From a command to its answer, with repeats and waits for a master",
                                     kBounds, {{"cmd", command}});
    seconds->observe(number(took_ms) / 1e3);
}

std::optional<redis::ClientStats> StoreBackend::link() const {
    return client_ == nullptr ? std::nullopt : std::optional(client_->stats());
}

void StoreBackend::collect(observe::Samples& out) const {
    if (client_ == nullptr) return;
    const redis::ClientStats stats = client_->stats();
    collect_link(out, stats);
    collect_keeper(out, stats.role, keeper_);
}

void collect_link(observe::Samples& out, const redis::ClientStats& link) {
    const observe::Label role{"role", link.role};
    const observe::Labels labels(&role, 1);
    out.gauge("redis_up", "1 while the master answers and all subscriptions stand", labels,
              link.is_up ? 1 : 0);
    collect_connections(out, link);
    collect_server(out, link, labels);
    out.gauge("redis_config_epoch", "Of the Sentinels: rises with each failover", labels,
              number(link.config_epoch));
    out.counter("redis_failovers_total", "Moves to a master at another address", labels,
                number(link.switches));
    out.counter("redis_replaced_total",
                "Times that another process, or other data, stood behind the master's address", labels,
                number(link.replaced));
    out.counter("pubsub_reconnects_total", "Times that the connection on which messages come was lost",
                labels, number(link.live_reconnects));
    out.counter("redis_calls_total", "Commands", labels, number(link.calls));
    out.counter("redis_repeats_total",
                "Times that a command was sent again, after a lost connection or a refusal that passes",
                labels, number(link.repeats));
    out.counter("redis_timeouts_total", "Commands without an answer in time", labels, number(link.timeouts));
    out.counter("redis_unavailable_total", "Commands refused for want of a master", labels,
                number(link.unavailable));
    out.gauge("redis_in_flight", "Commands without an answer", labels, number(link.in_flight));
    out.gauge("redis_subscriptions", "Channels and patterns that this node listens to", labels,
              number(link.subscriptions));
    out.gauge("breaker_state", "0 closed, 1 probing, 2 open", labels,
              link.breaker == redis::BreakerState::kClosed ? 0
              : link.breaker == redis::BreakerState::kOpen ? 2
                                                           : 1);
    out.counter("breaker_openings_total", "Times the store counted as away", labels,
                number(link.breaker_openings));
}

void collect_keeper(observe::Samples& out, std::string_view role_name, const redis::KeeperBoard& keeper) {
    const auto read = [](const std::atomic<std::uint64_t>& figure) {
        return number(figure.load(std::memory_order_relaxed));
    };
    const observe::Label role{"role", role_name};
    const observe::Labels labels(&role, 1);
    out.gauge("keeper_bytes", "Acknowledged writes that this node keeps for the next master", labels,
              read(keeper.bytes));
    out.counter("keeper_dropped_total", "Kept writes that went before their time, at a bound", labels,
                read(keeper.dropped));
    out.counter("keeper_reapplied_total", "Acknowledged writes that a master lacked and was given", labels,
                read(keeper.reapplied));
    out.counter("keeper_repair_stops_total", "Times the repair of a home stopped for want of an answer",
                labels, read(keeper.stops));
}

}  // namespace streamhost::app
