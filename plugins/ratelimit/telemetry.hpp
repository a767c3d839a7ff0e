// What is counted. Labels are verbs, kinds and results, never users or addresses. [any]
#pragma once

#include <array>
#include <cstdint>

#include "streamhost/host.hpp"

#include "limiter.hpp"

namespace ratelimit {

class Telemetry {
public:
    explicit Telemetry(const streamhost::Host& host);  // [control]

    void took(std::uint32_t verb, const Verdict& verdict) const;
    void entered(const Verdict& verdict) const;
    void asked(bool is_answered) const { (is_answered ? answered_ : unanswered_).add(); }
    // Gauges, and what others counted since the last time. One thread at a time.
    void show(const Buckets::Sizes& sizes, std::uint64_t connections);
    void show_store(bool is_away) const { away_.set(is_away ? 1 : 0); }

private:
    std::array<streamhost::Metric, kVerbs> allowed_;
    std::array<streamhost::Metric, kVerbs> exempt_;
    std::array<std::array<streamhost::Metric, kBys>, kVerbs> limited_;
    std::array<streamhost::Metric, kBys> no_room_;
    streamhost::Metric fallbacks_, answered_, unanswered_, buckets_, evictions_, connections_, away_;
    std::uint64_t shown_evictions_ = 0;
};

}  // namespace ratelimit
