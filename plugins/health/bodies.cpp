#include "bodies.hpp"

#include <string_view>

#include "streamhost/json_object.hpp"

namespace health {

namespace {

using streamhost::json_array;
using streamhost::JsonObject;

std::string_view word(bool is_good) { return is_good ? "ok" : "down"; }

std::string_view readiness(const Verdict& verdict) {
    if (!verdict.is_ready) return "down";
    return verdict.is_degraded ? "degraded" : "ok";
}

std::string count_of(const std::optional<std::uint64_t>& count) {
    return count ? std::to_string(*count) : "null";
}

// -1: it has never come back.
std::string time_of(std::int64_t ms) { return ms < 0 ? "null" : std::to_string(ms); }

std::string canary_of(const CanaryView& canary) {
    JsonObject out;
    for (std::size_t index = 0; index < kProbes; ++index) {
        const ProbeView& probe = canary[index];
        out.json(kProbeNames[index], JsonObject()
                                         .text("state", to_string(probe.state))
                                         .json("latency_ms", time_of(probe.latency_ms))
                                         .json("since_ok_ms", time_of(probe.since_ok_ms))
                                         .number("failures", probe.failures)
                                         .done());
    }
    return out.done();
}

std::string plugin_states(const Facts& facts) {
    JsonObject out;
    for (const PluginFacts& plugin : facts.plugins)
        out.text(plugin.name, plugin.state);
    return out.done();
}

// For tools that were made for the system whose nodes always had one.
std::string redis_of(const Facts& facts) {
    const bool is_redis = facts.store_kind.starts_with("redis");
    const bool is_up = is_redis && facts.store_state == "ok";
    return JsonObject()
        .text("status", is_redis ? (is_up ? "up" : "down") : "unused")
        .json("connected", is_up ? "true" : "false")
        .done();
}

std::optional<std::uint64_t> here(const Picture& picture) {
    if (!picture.sessions) return {};
    return picture.sessions->here;
}
std::optional<std::uint64_t> everywhere(const Picture& picture) {
    if (!picture.sessions) return {};
    return picture.sessions->everywhere;
}

}  // namespace

Answer plain_live(const Picture& picture) {
    return {picture.verdict.is_live, JsonObject().text("status", word(picture.verdict.is_live)).done()};
}

Answer plain_ready(const Picture& picture) {
    return {picture.verdict.is_ready, JsonObject().text("status", readiness(picture.verdict)).done()};
}

Answer live(const Picture& picture) {
    return {picture.verdict.is_live, JsonObject()
                                         .text("status", word(picture.verdict.is_live))
                                         .text("nodeId", picture.facts.node)
                                         .json("loops", picture.facts.loops_json)
                                         .done()};
}

Answer ready(const Picture& picture) {
    return {picture.verdict.is_ready, JsonObject()
                                          .text("status", readiness(picture.verdict))
                                          .text("nodeId", picture.facts.node)
                                          .text("phase", picture.facts.phase)
                                          .number("connections", picture.facts.connections)
                                          .number("connection_limit", picture.facts.connection_limit)
                                          .json("reasons", json_array(picture.verdict.reasons))
                                          .done()};
}

Answer startup(const Picture& picture) {
    return {picture.verdict.is_started, JsonObject()
                                            .text("status", word(picture.verdict.is_started))
                                            .text("nodeId", picture.facts.node)
                                            .text("phase", picture.facts.phase)
                                            .json("plugins", plugin_states(picture.facts))
                                            .done()};
}

Answer all(const Picture& picture) {
    const Facts& facts = picture.facts;
    const Verdict& verdict = picture.verdict;
    return {verdict.status() != "down", JsonObject()
                                            .text("status", verdict.status())
                                            .text("nodeId", facts.node)
                                            .text("server", facts.server)
                                            .text("phase", facts.phase)
                                            .number("uptime_ms", facts.uptime_ms)
                                            .text("live", word(verdict.is_live))
                                            .text("ready", readiness(verdict))
                                            .text("startup", word(verdict.is_started))
                                            .json("reasons", json_array(verdict.reasons))
                                            .number("connections", facts.connections)
                                            .number("connection_limit", facts.connection_limit)
                                            .number("websockets", facts.websockets)
                                            .json("loops", facts.loops_json)
                                            .json("plugins", facts.plugins_json)
                                            .json("transports", facts.transports_json)
                                            .json("store", facts.store_json)
                                            .json("canary", canary_of(picture.canary))
                                            .done()};
}

Answer distributed(const Picture& picture, std::optional<std::uint64_t> active_streams) {
    const Facts& facts = picture.facts;
    const std::string_view status = picture.verdict.status();
    return {status == "ok", JsonObject()
                                .text("status", status)
                                .text("nodeId", facts.node)
                                .number("uptime", facts.uptime_ms / 1'000)
                                .json("timestamp", std::to_string(picture.wall_ms))
                                .json("redis", redis_of(facts))
                                .json("activeSessions", count_of(here(picture)))
                                .json("distributedSessions", count_of(everywhere(picture)))
                                .json("activeStreams", count_of(active_streams))
                                .json("plugins", plugin_states(facts))
                                .json("transports", facts.transports_json)
                                .json("store", facts.store_json)
                                .json("canary", canary_of(picture.canary))
                                .json("reasons", json_array(picture.verdict.reasons))
                                .done()};
}

}  // namespace health
