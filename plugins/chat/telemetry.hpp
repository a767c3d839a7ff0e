// What operators see of runs. Metrics are made at the start, so that a rate of zero is a line and not a gap.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "streamhost/host.hpp"

#include "settings.hpp"

namespace chat {

class Telemetry {
public:
    // [control]
    Telemetry(const streamhost::Host& host, const Providers& providers);

    // [any]
    void run_ended(const std::string& provider, std::string_view outcome, double seconds) const;
    void run_lost() const { lost_.add(); }
    void first_token(double seconds) const { first_token_seconds_.add(seconds); }
    void provider_error(const std::string& provider, std::string_view code) const;
    void set_counts(std::size_t active, std::size_t pending) const;
    void refused() const { refused_.add(); }
    // Runs that go over a queue.
    void taken() const { taken_.add(); }
    void taken_over() const { taken_over_.add(); }
    void fenced() const { fenced_.add(); }
    void given_up() const { given_up_.add(); }
    void no_worker() const { no_worker_.add(); }
    void handed_over() const { handed_over_.add(); }
    void set_waiting(std::size_t waiting) const { waiting_.set(static_cast<double>(waiting)); }
    void set_worker_runs(std::size_t runs) const { worker_runs_.set(static_cast<double>(runs)); }

private:
    using ByNames = std::map<std::pair<std::string, std::string>, streamhost::Metric>;
    ByNames runs_;
    ByNames errors_;
    streamhost::Metric lost_;
    streamhost::Metric run_seconds_;
    streamhost::Metric first_token_seconds_;
    streamhost::Metric active_;
    streamhost::Metric pending_;
    streamhost::Metric refused_;
    streamhost::Metric taken_;
    streamhost::Metric taken_over_;
    streamhost::Metric fenced_;
    streamhost::Metric given_up_;
    streamhost::Metric no_worker_;
    streamhost::Metric handed_over_;
    streamhost::Metric waiting_;
    streamhost::Metric worker_runs_;
};

}  // namespace chat
