// What operators see. Metrics are made at the start, so that a rate of zero is a line.
#pragma once

#include <array>

#include "streamhost/host.hpp"

#include "verdict.hpp"

namespace auth {

struct Telemetry {
    explicit Telemetry(const streamhost::Host& host);  // [control]

    void count(Verdict verdict) const { results[static_cast<std::size_t>(verdict)].add(); }  // [any]

    std::array<streamhost::Metric, kVerdicts.size()> results;
    streamhost::Metric keys;
    streamhost::Metric key_failures;
    streamhost::Metric cached;
    streamhost::Metric revocations;
    streamhost::Metric revocation_failures;
    streamhost::Metric unknown_grants;
    streamhost::Metric outliving;
    streamhost::Metric dev_tokens;
    streamhost::Metric dev_tokens_given;
};

}  // namespace auth
