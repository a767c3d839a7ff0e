// Where readers that were behind got what they lacked, as metrics.
#pragma once

#include "streamhost/host.hpp"

namespace recovery {

struct LayerCounts {
    explicit LayerCounts(streamhost::Host& host)
        : node_ok(reads(host, "node", "ok")),
          node_missed(reads(host, "node", "missed")),
          store_ok(reads(host, "store", "ok")),
          store_failed(reads(host, "store", "failed")) {}

    streamhost::Metric node_ok;
    streamhost::Metric node_missed;  // then the store was read
    streamhost::Metric store_ok;
    streamhost::Metric store_failed;

private:
    static streamhost::Metric reads(streamhost::Host& host, const char* layer, const char* result) {
        return host.counter("recovery_reads_total",
                            "Ranges and snapshots for readers that were behind, by where they lay",
                            {{"layer", layer}, {"result", result}});
    }
};

}  // namespace recovery
