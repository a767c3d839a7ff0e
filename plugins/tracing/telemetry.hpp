// What operators see of the export. [any]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "streamhost/host.hpp"

namespace tracing {

enum class Dropped : std::uint8_t {
    kQueueFull,  // more came than went
    kRefused,    // the collector took the request and not all of its spans
    kStopped     // the node ended first
};

class Telemetry {
public:
    explicit Telemetry(const streamhost::Host& host)  // [control]
        : exported_(host.counter("tracing_spans_exported_total", "Spans that the collector took")),
          failed_(host.counter("tracing_spans_failed_total",
                               "Spans that the collector refused or did not take in time")),
          retries_(host.counter("tracing_retries_total", "Requests that are made again")),
          queued_(host.gauge("tracing_spans_queued", "Spans that wait for the collector")) {
        constexpr std::array kReasons = {"queue_full", "refused", "stopped"};
        for (std::size_t index = 0; index < kReasons.size(); ++index)
            dropped_[index] =
                host.counter("tracing_spans_dropped_total", "Spans that were thrown away, by reason",
                             {{"reason", kReasons[index]}});
    }

    void exported(std::size_t spans) const { exported_.add(static_cast<double>(spans)); }
    void failed(std::size_t spans) const { failed_.add(static_cast<double>(spans)); }
    void dropped(Dropped reason, std::size_t spans = 1) const {
        dropped_[static_cast<std::size_t>(reason)].add(static_cast<double>(spans));
    }
    void retried() const { retries_.add(); }
    void queued(std::size_t spans) const { queued_.set(static_cast<double>(spans)); }

private:
    streamhost::Metric exported_, failed_, retries_, queued_;
    std::array<streamhost::Metric, 3> dropped_;
};

}  // namespace tracing
