#include "telemetry.hpp"

#include <vector>

namespace chat {

Telemetry::Telemetry(const streamhost::Host& host, const Providers& providers) {
    for (const auto& [name, provider] : providers) {
        for (const char* outcome : {"complete", "cancelled", "error", "lost"})
            runs_[{name, outcome}] = host.counter("runs_total", "Runs that this node ended, by how",
                                                  {{"provider", name.c_str()}, {"outcome", outcome}});
        for (const char* code :
             {"internal", "unavailable", "timeout", "rate_limited", "too_large", "bad_request"})
            errors_[{name, code}] = host.counter("provider_errors_total", "Runs that ended with an error",
                                                 {{"provider", name.c_str()}, {"code", code}});
    }
    const std::vector<double> buckets = {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
    lost_ = host.counter("runs_lost_total", "Runs of other nodes that this node ended with `lost`");
    run_seconds_ = host.histogram("run_seconds", "From the accepted message to the end", buckets);
    first_token_seconds_ =
        host.histogram("first_token_seconds", "From the accepted message to the first token", buckets);
    active_ = host.gauge("runs_active", "Runs that have a thread");
    pending_ = host.gauge("runs_pending", "Runs that wait for a thread");
    refused_ = host.counter("sends_refused_total", "Messages refused because too many runs were pending");
}

void Telemetry::run_ended(const std::string& provider, std::string_view outcome, double seconds) const {
    if (const auto found = runs_.find({provider, std::string(outcome)}); found != runs_.end())
        found->second.add();
    run_seconds_.add(seconds);
}

void Telemetry::provider_error(const std::string& provider, std::string_view code) const {
    if (const auto found = errors_.find({provider, std::string(code)}); found != errors_.end())
        found->second.add();
}

void Telemetry::set_counts(std::size_t active, std::size_t pending) const {
    active_.set(static_cast<double>(active));
    pending_.set(static_cast<double>(pending));
}

}  // namespace chat
