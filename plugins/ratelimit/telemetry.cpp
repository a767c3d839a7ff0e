#include "telemetry.hpp"

#include <string>

namespace ratelimit {

namespace {

constexpr const char* kHelp = "Calls by what was asked, whose limit refused it, and how it ended";
constexpr const char* kAsked = "Questions to the store for tokens of shared limits";

}  // namespace

Telemetry::Telemetry(const streamhost::Host& host)
    : fallbacks_(host.counter(
          "ratelimit_store_fallbacks_total",
          "Calls let pass by this node's own share of a shared limit, since the store did not answer")),
      answered_(host.counter("ratelimit_store_asks_total", kAsked, {{"result", "answered"}})),
      unanswered_(host.counter("ratelimit_store_asks_total", kAsked, {{"result", "failed"}})),
      buckets_(host.gauge("ratelimit_buckets", "Buckets that are remembered")),
      evictions_(
          host.counter("ratelimit_evictions_total", "Buckets that were forgotten before they were full")),
      connections_(host.gauge("ratelimit_connections", "Connections that are counted")),
      away_(host.gauge("ratelimit_store_away", "1 while shared limits are kept by each node for itself")) {
    for (std::size_t verb = 1; verb < kVerbs; ++verb) {
        const std::string name(kVerbWords[verb]);
        const auto counter = [&](const std::string& by, const char* result) {
            return host.counter("ratelimit_total", kHelp,
                                {{"verb", name.c_str()}, {"by", by.c_str()}, {"result", result}});
        };
        allowed_[verb] = counter("none", "allowed");
        exempt_[verb] = counter("none", "exempt");
        for (std::size_t by = 0; by < kBys; ++by)
            limited_[verb][by] = counter(std::string(kByWords[by]), "limited");
    }
    for (const By by : {By::kAddress, By::kUser, By::kNode}) {
        const std::string name(word(by));
        no_room_[index_of(by)] = host.counter("ratelimit_connections_refused_total",
                                              "Connections over the limit", {{"by", name.c_str()}});
    }
}

void Telemetry::took(std::uint32_t verb, const Verdict& verdict) const {
    if (verb >= kVerbs) return;
    if (verdict.on_share > 0) fallbacks_.add();
    if (verdict.wait_ms > 0) return limited_[verb][index_of(verdict.by)].add();
    (verdict.is_exempt ? exempt_ : allowed_)[verb].add();
}

void Telemetry::entered(const Verdict& verdict) const {
    if (verdict.wait_ms > 0) no_room_[index_of(verdict.by)].add();
}

void Telemetry::show(const Buckets::Sizes& sizes, std::uint64_t connections) {
    buckets_.set(static_cast<double>(sizes.buckets));
    connections_.set(static_cast<double>(connections));
    evictions_.add(static_cast<double>(sizes.evictions - shown_evictions_));
    shown_evictions_ = sizes.evictions;
}

}  // namespace ratelimit
