#pragma once
// A queue with one group of consumers, as a Redis Stream with XREADGROUP, XAUTOCLAIM and XACK has it.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/jobs.hpp"
#include "store/memory/swept_map.hpp"

namespace streamhost::store::memory {

struct KeptJob {
    std::string id;
    std::string payload;
    std::uint32_t deliveries = 0;

    [[nodiscard]] std::uint64_t cost() const noexcept { return sizeof(KeptJob) + 160 + payload.size(); }
};

struct QueueAnswer {
    QueueResult result;
    std::string id;
    std::vector<KeptJob> kept;
    std::vector<Job> jobs;
    const QueueResult& view();
};

/// Knows neither time nor callers: both are passed in. [store]
class Queue {
public:
    struct Waiter {
        std::string consumer;
        std::uint32_t max = 1;
        std::int64_t deadline_ms = 0;
        QueueDone done;
    };

    /// Ids must not repeat, also over a queue that was forgotten: a late ack would hit another's job.
    void push(std::string id, std::string_view payload);
    /// First what was taken before `stale_ms` by anybody, then what nobody took; at most `most`.
    std::vector<KeptJob> take(std::string_view consumer, std::size_t most, std::int64_t now_ms,
                              std::int64_t stale_ms);
    /// The bytes of the acknowledged job, 0 if it was not pending.
    std::uint64_t ack(std::string_view id);

    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
    [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }

    std::list<Waiter> waiters;  ///< takes that found nothing, longest waiting first

private:
    struct Pending {
        KeptJob job;
        std::string consumer;
        std::int64_t taken_ms;
    };

    std::deque<KeptJob> waiting_;
    std::list<Pending> pending_;  // longest taken first
    TextMap<std::list<Pending>::iterator> by_id_;
};

}  // namespace streamhost::store::memory
