// How appends to owned streams ended, and what was shown without one, for operators.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "streamhost/host.hpp"

namespace streamcache {

class AppendCounts {
public:
    // [control]
    explicit AppendCounts(const streamhost::Host& host)
        : previewed_(host.counter("previewed_entries_total",
                                  "Entries that readers of this node saw before the store had them")),
          seconds_(host.histogram("append_seconds", "From an append to the store's answer",
                                  {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5})),
          leases_(host.gauge("leases_held", "Streams that producers of this process hold")) {
        for (const char* result : {"ok", "dup", "gap", "fenced", "closed", "nostream", "full", "error"})
            counters_[result] =
                host.counter("appends_total", "Appends to owned streams by result", {{"result", result}});
    }
    // [any]
    void count(const sh_result& result, std::int64_t took_ms) const {
        counters_.find(name(result))->second.add();
        seconds_.add(static_cast<double>(took_ms) / 1e3);
    }
    void previewed(std::size_t entries) const { previewed_.add(static_cast<double>(entries)); }

    void holds(std::size_t leases) const { leases_.set(static_cast<double>(leases)); }

private:
    static std::string_view name(const sh_result& result) {
        switch (result.status) {
        case SH_OK: return (result.flags & SH_RESULT_DUPLICATE) != 0 ? "dup" : "ok";
        case SH_GAP: return "gap";
        case SH_FENCED: return "fenced";
        case SH_ENDED: return "closed";
        case SH_NOT_FOUND: return "nostream";
        case SH_FULL: return "full";
        default: return "error";
        }
    }
    streamhost::Metric previewed_;
    streamhost::Metric seconds_;
    streamhost::Metric leases_;
    std::map<std::string_view, streamhost::Metric> counters_;
};

}  // namespace streamcache
