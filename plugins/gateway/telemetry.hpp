// What operators see of the gateway. Metrics are made at the start, so that a rate of zero is a line.
#pragma once

#include <map>
#include <string_view>

#include "streamhost/host.hpp"

namespace gateway {

class Telemetry {
public:
    explicit Telemetry(const streamhost::Host& host);  // [control]

    // [any]
    void request(std::size_t type) const { requests_[type].add(); }
    void error(std::string_view code) const;
    void open_sessions(double change) const { open_.add(change); }
    void degraded() const { degraded_.add(); }

private:
    std::vector<streamhost::Metric> requests_;  // by index of the variant
    std::map<std::string_view, streamhost::Metric> errors_;
    streamhost::Metric open_;
    streamhost::Metric degraded_;
};

}  // namespace gateway
