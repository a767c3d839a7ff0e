#include "app/node_report.hpp"

#include <algorithm>
#include <sstream>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Stringifier.h>

#include "bridge/store_hub.hpp"
#include "bridge/transport_hub.hpp"
#include "net/listen_address.hpp"
#include "runtime/fault.hpp"
#include "runtime/role.hpp"

namespace streamhost::app {

namespace {

using Object = Poco::JSON::Object;
using ObjectPtr = Object::Ptr;

ObjectPtr object() { return new Object(Poco::JSON_PRESERVE_KEY_ORDER); }

const char* phase_name(std::uint32_t phase) {
    switch (phase) {
    case SH_NODE_STARTING: return "starting";
    case SH_NODE_RUNNING: return "running";
    case SH_NODE_DRAINING: return "draining";
    default: return "stopping";
    }
}

const char* health_name(std::uint32_t state) {
    switch (state) {
    case SH_HEALTH_OK: return "ok";
    case SH_HEALTH_DEGRADED: return "degraded";
    default: return "down";
    }
}

Poco::JSON::Array loops_of(const bridge::House& house) {
    Poco::JSON::Array list;
    const std::uint64_t now_ns = house.clock.monotonic_ns();
    for (std::size_t index = 0; index < house.loops.all_size(); ++index) {
        const runtime::Loop& loop = house.loops.any_loop(index);
        ObjectPtr one = object();
        one->set("name", loop.options().name);
        one->set("rounds", loop.meter().rounds());
        one->set("lag_ms", static_cast<double>(loop.meter().lag_ns(now_ns)) / 1e6);
        one->set("stuck_ms", static_cast<double>(loop.meter().stuck_ns(now_ns)) / 1e6);
        list.add(one);
    }
    return list;
}

// What a client would meet there now, not what the file says.
const char* transport_state(bool is_on, std::size_t routes, bool is_draining, bool is_listening) {
    if (!is_on) return "off";
    if (!is_listening) return "closed";
    if (is_draining) return "draining";
    return routes > 0 ? "on" : "idle";  // idle: no plugin answers anywhere
}

ObjectPtr transports_of(const Settings& settings, bridge::TransportHub& transport) {
    ObjectPtr all = object();
    const auto shown = transport.shown();
    const bool is_listening = transport.is_listening();
    const bool is_draining = transport.counters().draining.load();
    for (const Settings::Listener& listener : settings.listeners) {
        ObjectPtr one = object();
        one->set("address", listener.address);
        one->set("websocket",
                 transport_state(listener.serves.websocket, shown.websocket, is_draining, is_listening));
        one->set("sse", transport_state(listener.serves.sse, shown.sse, is_draining, is_listening));
        one->set("http", transport_state(listener.serves.http, shown.http, false, is_listening));
        one->set("tls", listener.tls != nullptr);
        all->set(listener.name, one);
    }
    return all;
}

ObjectPtr plugins_of(bridge::House& house, const std::vector<control::PluginView>& plugins) {
    ObjectPtr all = object();
    for (const control::PluginView& plugin : plugins) {
        ObjectPtr one = object();
        one->set("enabled", plugin.wanted);
        one->set("state", std::string(control::to_string(plugin.state)));
        one->set("version", plugin.version);
        one->set("generation", plugin.generation);
        one->set("faults", plugin.faults);
        if (!plugin.reason.empty()) one->set("reason", plugin.reason);
        all->set(plugin.name, one);
    }
    const std::lock_guard lock(house.health_mutex);
    for (const auto& [key, health] : house.health) {
        ObjectPtr plugin = all->has(key.plugin) ? all->getObject(key.plugin) : object();
        ObjectPtr components = plugin->has("components") ? plugin->getObject("components") : object();
        ObjectPtr one = object();
        one->set("state", health_name(health.state));
        if (!health.detail.empty()) one->set("detail", health.detail);
        components->set(key.component, one);
        plugin->set("components", components);
        all->set(key.plugin, plugin);
    }
    return all;
}

std::string_view name_of(redis::BreakerState state) {
    if (state == redis::BreakerState::kClosed) return "closed";
    return state == redis::BreakerState::kOpen ? "open" : "probing";
}

ObjectPtr store_of(const bridge::StoreHub& hub, const std::optional<redis::ClientStats>& link) {
    ObjectPtr store = object();
    store->set("kind", hub.kind());
    store->set("state", hub.is_up() ? "ok" : "down");
    store->set("reached", hub.was_up());  // since this process began
    if (!link) return store;
    if (!link->trouble.empty()) store->set("reason", link->trouble);
    if (!link->refusal.empty()) store->set("refusal", link->refusal);
    store->set("master", link->master);
    store->set("version", link->version);
    store->set("run_id", link->run_id);
    store->set("config_epoch", link->config_epoch);
    store->set("breaker", std::string(name_of(link->breaker)));
    store->set("failovers", link->switches);
    return store;
}

double number(std::uint64_t value) { return static_cast<double>(value); }

// Each connection is one thing at a time; the three figures are read one after the other, while they change.
void collect_open(observe::Samples& out, const net::ServerCounters& counters) {
    const std::uint64_t websockets = counters.websockets.load();
    const std::uint64_t streams = counters.streams.load();
    const std::uint64_t others =
        std::max(counters.connections.load(), websockets + streams) - websockets - streams;
    const auto open = [&out](const char* proto, std::uint64_t count) {
        const observe::Label label{"proto", proto};
        out.gauge("connections", "Open connections of clients", {&label, 1}, number(count));
    };
    open("websocket", websockets);
    open("sse", streams);
    open("http", others);
}

void collect_connections(observe::Samples& out, const net::ServerCounters& counters) {
    collect_open(out, counters);
    const auto opened = [&](const char* result, const std::atomic<std::uint64_t>& count) {
        const observe::Label label{"result", result};
        out.counter("connections_opened_total", "Connections of clients, and why some were not taken",
                    {&label, 1}, number(count.load()));
    };
    opened("accepted", counters.accepted);
    opened("over_limit", counters.over_limit);
    opened("failed", counters.accept_failed);
    out.counter("requests_refused_total", "Malformed requests and upgrades", {},
                number(counters.refused.load()));
    const auto handshakes = [&](const char* result, const std::atomic<std::uint64_t>& count) {
        const observe::Label label{"result", result};
        out.counter("tls_handshakes_total", "TLS handshakes of clients", {&label, 1}, number(count.load()));
    };
    handshakes("full", counters.tls_full);
    handshakes("resumed", counters.tls_resumed);
    handshakes("failed", counters.tls_failed);
    const auto headers = [&](const char* result, const std::atomic<std::uint64_t>& count) {
        const observe::Label label{"result", result};
        out.counter("proxy_headers_total",
                    "Connections that should begin with a header of the PROXY protocol", {&label, 1},
                    number(count.load()));
    };
    headers("accepted", counters.proxy_headers.accepted);
    headers("missing", counters.proxy_headers.missing);
    headers("malformed", counters.proxy_headers.malformed);
    headers("untrusted", counters.proxy_headers.untrusted);
    const auto forwarded = [&](const char* result, const std::atomic<std::uint64_t>& count) {
        const observe::Label label{"result", result};
        out.counter("forwarded_headers_total", "Requests that bring what proxies say of them", {&label, 1},
                    number(count.load()));
    };
    forwarded("accepted", counters.forwarded.accepted);
    forwarded("malformed", counters.forwarded.malformed);
    forwarded("untrusted", counters.forwarded.untrusted);
    out.counter("bytes_received_total", "Bytes from clients", {}, number(counters.bytes_in.load()));
    out.counter("bytes_sent_total", "Bytes to clients", {}, number(counters.bytes_out.load()));
}

void collect_certificates(observe::Samples& out, const Settings& settings) {
    for (const Settings::Listener& listener : settings.listeners) {
        if (listener.tls == nullptr) continue;
        const observe::Label label{"listener", listener.name};
        out.gauge("tls_certificate_end_timestamp_seconds", "When the listener's certificate ends, Unix time",
                  {&label, 1}, static_cast<double>(listener.tls->ends_at_s()));
    }
}

void collect_compression(observe::Samples& out, std::string_view direction, std::uint64_t plain,
                         std::uint64_t compressed) {
    const auto add = [&](std::string_view form, std::uint64_t bytes) {
        const observe::Label labels[] = {
            {"transport", "websocket"}, {"direction", direction}, {"form", form}};
        out.counter("compression_bytes_total", "Bytes of messages that were compressed, before and after",
                    labels, number(bytes));
    };
    add("plain", plain);
    add("compressed", compressed);
}

void collect_delivery(observe::Samples& out, const delivery::LoopStats& stats) {
    out.counter("frames_sent_total", "Frames to clients", {}, number(stats.frames));
    const auto slow = [&out](const char* action, std::uint64_t count) {
        const observe::Label label{"action", action};
        out.counter("slow_consumers_total", "What was done about clients that read too slowly", {&label, 1},
                    number(count));
    };
    slow("refused", stats.overflow);
    slow("read_again", stats.fell_off);
    out.gauge("readers", "Connections that can read streams", {}, number(stats.readers));
    out.gauge("subscriptions", "Streams that this node's readers follow", {}, number(stats.cursors));
}

void collect_loops(observe::Samples& out, const bridge::House& house) {
    const std::uint64_t now_ns = house.clock.monotonic_ns();
    for (std::size_t index = 0; index < house.loops.all_size(); ++index) {
        const runtime::Loop& loop = house.loops.any_loop(index);
        const observe::Label label{"loop", loop.options().name};
        out.gauge("event_loop_lag_seconds", "Longest wait for a loop in the last second", {&label, 1},
                  number(loop.meter().lag_ns(now_ns)) / 1e9);
    }
}

void collect_pool(observe::Samples& out, std::string_view name, const runtime::WorkerPool& pool) {
    const observe::Label label{"pool", name};
    const runtime::WorkerPool::Stats use = pool.stats();
    out.gauge("workers_running", "Jobs under way", {&label, 1}, number(use.running));
    out.counter("worker_jobs_total", "Jobs done", {&label, 1}, number(use.done));
    out.counter("worker_busy_total", "Jobs refused", {&label, 1}, number(use.busy));
    out.counter("worker_overruns_total", "Jobs over their time budget", {&label, 1}, number(use.overruns));
}

}  // namespace

std::string make_report(bridge::House& house, const Settings& settings,
                        const std::vector<control::PluginView>& plugins,
                        const std::vector<std::string>& waiting_for_restart, bridge::TransportHub& transport,
                        const std::optional<redis::ClientStats>& link, std::uint64_t uptime_ms) {
    const net::ServerCounters& counters = transport.counters();
    ObjectPtr report = object();
    report->set("nodeId", house.node_id);
    report->set("server", house.server_name);
    report->set("phase", phase_name(house.phase.load()));
    report->set("uptime_ms", uptime_ms);
    report->set("connections", counters.connections.load());
    report->set("websockets", counters.websockets.load());
    report->set("event_streams", counters.streams.load());
    report->set("connection_limit", static_cast<std::uint64_t>(settings.transport.limits.server.connections));
    report->set("loops", loops_of(house));
    report->set("transports", transports_of(settings, transport));
    report->set("store", store_of(*house.store, link));
    report->set("plugins", plugins_of(house, plugins));
    Poco::JSON::Array waiting;
    for (const std::string& path : waiting_for_restart)
        waiting.add(path);
    report->set("waiting_for_restart", waiting);
    std::ostringstream text;
    Poco::JSON::Stringifier::condense(Poco::Dynamic::Var(report), text);
    return text.str();
}

std::string ready_line(const Settings& settings, std::string_view admin_address, std::int64_t wall_ms) {
    const Settings::Listener* first = settings.listeners.empty() ? nullptr : &settings.listeners.front();
    const std::string text = "streamhost " STREAMHOST_VERSION " ready: " +
                             net::url_of(first != nullptr && first->tls ? "https://" : "http://",
                                         first == nullptr ? "-" : first->address, "/") +
                             " (admin " + net::url_of("http://", admin_address, "/health") + ")";
    if (settings.logging.format == observe::LogFormat::text) return text + '\n';
    return observe::format_line(observe::LogFormat::json, {.wall_ms = wall_ms,
                                                           .level = observe::LogLevel::info,
                                                           .component = "host",
                                                           .message = text,
                                                           .fields = {},
                                                           .node = settings.logging.node});
}

void collect(observe::Samples& out, bridge::House& house, const Settings& settings,
             bridge::TransportHub& transport) {
    collect_connections(out, transport.counters());
    collect_certificates(out, settings);
    const delivery::LoopStats sent = transport.stats();
    const net::ServerCounters& counters = transport.counters();
    collect_delivery(out, sent);
    collect_compression(out, "out", sent.plain_bytes, sent.packed_bytes);
    collect_compression(out, "in", counters.inflated_to.load(), counters.inflated_from.load());
    collect_loops(out, house);
    out.counter("faults_total", "Bugs of the host that were met and survived", {},
                number(runtime::fault_count()));
    out.counter("role_violations_total", "Calls from a thread role that the contract does not allow", {},
                number(runtime::role_violations()));
    const control::Tickets::Stats tickets = house.tickets.stats();
    out.counter("tickets_opened_total", "Asynchronous calls between plugins", {}, number(tickets.opened));
    out.counter("tickets_expired_total", "Asynchronous calls that nobody answered in time", {},
                number(tickets.expired));
    const observe::LoggingStats logging = observe::logging_stats();
    out.counter("log_lines_total", "Log lines written", {}, number(logging.written));
    out.counter("log_lines_dropped_total", "Log lines dropped at the queue's limit", {},
                number(logging.dropped));
    out.counter("log_write_errors_total", "Log lines that the descriptor did not take: is its disk full?", {},
                number(logging.write_errors));
    observe::for_each_error_count([&out](std::string_view component, std::uint64_t errors) {
        const observe::Label label{"component", component};
        out.counter("errors_total", "Log lines of level error", {&label, 1}, number(errors));
    });
    collect_pool(out, "short", house.short_pool);
    collect_pool(out, "long", house.long_pool);
}

}  // namespace streamhost::app
