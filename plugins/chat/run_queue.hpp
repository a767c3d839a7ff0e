// The runs that this node put into a queue and that no worker has claimed yet. While it holds one, the list
// of open runs says so, as for a run that it produces; once a worker has claimed it, it is the worker's.
// [store]
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "conclusion.hpp"
#include "ports.hpp"
#include "queue_port.hpp"
#include "remote_terms.hpp"
#include "telemetry.hpp"
#include "wait_machine.hpp"

namespace chat {

constexpr std::uint32_t kQueueTickMs = 250;
constexpr std::int64_t kDegradedAfterMs = 5'000;

class RunQueue {
public:
    RunQueue(streamhost::Host& host, Cache& cache, OpenRuns& open, QueuePort& queue, Concluder& concluder,
             const Telemetry& telemetry)
        : host_(host),
          cache_(cache),
          open_(open),
          queue_(queue),
          concluder_(concluder),
          telemetry_(telemetry) {}

    // A message's new run.
    void add(const QueuedRun& queued, const RemoteTerms& terms);
    // A run that `claims` workers had and nobody produces any more; 0: its message waits since long.
    void adopt(const std::string& run, const RemoteTerms& terms, std::uint64_t claims);
    // It has ended.
    void forget(const std::string& run);
    [[nodiscard]] bool contains(const std::string& run) const { return waiting_.contains(run); }
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

    void tick();
    // This node goes down. Others find the runs in the list of open runs, at once.
    void hand_on();
    // ... and there are no others.
    void end_all(const std::string& end);

private:
    struct Waiting {
        QueuedRun queued;
        RemoteTerms terms;
        std::uint64_t claims = 0;
        WaitMachine machine;
    };

    void put(const QueuedRun& queued, const RemoteTerms& terms, std::uint64_t claims);
    // What it wants done now; looks are made together.
    [[nodiscard]] bool step(const std::string& run, Waiting& waiting, std::int64_t now_ms);
    void push(const std::string& run, const Waiting& waiting);
    void look(const std::vector<std::string>& runs);
    void looked(const std::string& run, const sh_result& result, const sh_stream_info* info);
    void expire(const std::string& run, std::uint64_t fence);
    void finish(const std::string& run, const std::string& end, std::uint64_t fence, const char* why);
    void tell_health();

    streamhost::Host& host_;
    Cache& cache_;
    OpenRuns& open_;
    QueuePort& queue_;
    Concluder& concluder_;
    const Telemetry& telemetry_;
    std::map<std::string, Waiting> waiting_;
    std::int64_t told_ms_ = 0;
    bool is_degraded_ = false;
};

}  // namespace chat
