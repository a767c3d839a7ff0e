#include "store/memory/queue.hpp"

#include <utility>

namespace streamhost::store::memory {

const QueueResult& QueueAnswer::view() {
    jobs.clear();
    for (const KeptJob& job : kept)
        jobs.push_back({job.id, job.payload, job.deliveries});
    result.jobs = jobs;
    result.id = id;
    return result;
}

void Queue::push(std::string id, std::string_view payload) {
    waiting_.push_back({std::move(id), std::string(payload), 0});
}

std::vector<KeptJob> Queue::take(std::string_view consumer, std::size_t most, std::int64_t now_ms,
                                 std::int64_t stale_ms) {
    std::vector<KeptJob> jobs;
    while (jobs.size() < most && !pending_.empty() && pending_.front().taken_ms <= stale_ms) {
        Pending& stale = pending_.front();
        stale.consumer = consumer;
        stale.taken_ms = now_ms;
        ++stale.job.deliveries;
        jobs.push_back(stale.job);
        pending_.splice(pending_.end(), pending_, pending_.begin());
    }
    while (jobs.size() < most && !waiting_.empty()) {
        KeptJob job = std::move(waiting_.front());
        waiting_.pop_front();
        job.deliveries = 1;
        jobs.push_back(job);
        pending_.push_back({std::move(job), std::string(consumer), now_ms});
        by_id_.emplace(pending_.back().job.id, std::prev(pending_.end()));
    }
    return jobs;
}

std::uint64_t Queue::ack(std::string_view id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return 0;
    const std::uint64_t cost = found->second->job.cost();
    pending_.erase(found->second);
    by_id_.erase(found);
    return cost;
}

}  // namespace streamhost::store::memory
