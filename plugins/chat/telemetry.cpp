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
    taken_ = host.counter("runs_taken_total", "Runs that this worker took from the queue and claimed");
    taken_over_ = host.counter("runs_taken_over_total", "Of these, runs that another worker had begun");
    fenced_ = host.counter("runs_fenced_total", "Runs that a newer producer has taken from this node");
    given_up_ = host.counter("runs_given_up_total", "Runs ended because too many workers failed on them");
    no_worker_ = host.counter("runs_without_worker_total", "Runs ended because no worker took them in time");
    handed_over_ = host.counter("runs_handed_over_total", "Runs that this worker gave back when it ended");
    waiting_ = host.gauge("runs_waiting_for_worker", "Runs that this node holds until a worker claims them");
    worker_runs_ = host.gauge("runs_held_by_worker", "Runs of the queue that this node holds as a worker");
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
