// The problem: batches go to a collector that may be slow, refuse or be away, and the node has other things
// to do. One job at a time on a thread of the host takes what is due, sends it, waits and tries again; what
// cannot be delivered in its time is counted and gone. Its end has a limit, too.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "collector.hpp"
#include "settings.hpp"
#include "span_queue.hpp"
#include "telemetry.hpp"

namespace tracing {

class Exporter {
public:
    using Time = std::chrono::steady_clock::time_point;
    // What the operator should know of the collector: once when it begins and once when it is over. [worker]
    using Log = std::function<void(bool is_well, const std::string& what)>;

    Exporter(const Settings& settings, std::string resource, std::string version, SpanQueue& queue,
             const Telemetry& telemetry, Log log);
    Exporter(const Exporter&) = delete;
    Exporter& operator=(const Exporter&) = delete;

    // Whether run() has work that is due now. [any]
    [[nodiscard]] bool is_due(Time now) const;
    // Sends what is due, and what becomes so meanwhile. One at a time. [worker]
    void run();
    // Each fifth of a second: what takes too long is cut. [any]
    void look(Time now) { collector_.interrupt_late(now); }
    // Everything is due from now on, and nothing is tried after `deadline`. [any]
    void wind_down(Time deadline);
    [[nodiscard]] bool is_over(Time now) const;

private:
    void send(const std::vector<std::string>& spans);
    [[nodiscard]] Reply try_once(const std::string& body);
    void settle(const Reply& reply, std::size_t spans);
    // False: there is no time left for it.
    [[nodiscard]] bool wait_until(Time time, Time end);
    void read_headers_again();
    void tell(bool is_well, const std::string& what);

    const Settings settings_;
    const std::string resource_;
    const std::string version_;
    SpanQueue& queue_;
    const Telemetry& telemetry_;
    const Log log_;
    Collector collector_;
    HeaderList headers_;
    Time not_before_{};             // what the collector asked for
    bool has_old_headers_ = false;  // their file cannot be read
    bool was_well_ = true;
    std::atomic<Time> wind_down_until_{Time::max()};
    std::mutex mutex_;
    std::condition_variable winds_down_;
};

}  // namespace tracing
