// Takes runs from a queue for as long as there are free places. What is taken is claimed, and the queue
// forgets it as soon as the claim has an answer: what makes a run safe is its fence, not the queue. [store]
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "queue_port.hpp"
#include "runs.hpp"
#include "settings.hpp"

namespace chat {

class Worker {
public:
    Worker(streamhost::Host& host, QueuePort queue, const WorkerSettings& settings, Runs& runs)
        : host_(host),
          queue_(queue),
          settings_(settings),
          runs_(runs),
          name_(settings.name.empty() ? host.node_id() : settings.name) {
        runs_.on_free_place([this] { ask_soon(); });
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Each kTickMs. It asks by itself after each take, and when a place comes free.
    void tick();
    // No new runs; what comes all the same goes back into the queue.
    void refuse() { refuses_ = true; }
    // It has stopped asking, and the queue may still give it something: an instance that went would keep that
    // until it is idle. [any]
    [[nodiscard]] bool winds_down() const noexcept { return refuses_.load() && is_asking_.load(); }

private:
    void ask();
    void ask_soon();
    void taken(const sh_result& result);
    void hand(const TakenJob& job);
    void ack(const std::string& job);

    streamhost::Host& host_;
    QueuePort queue_;
    WorkerSettings settings_;
    Runs& runs_;
    std::string name_;
    std::atomic<bool> is_asking_{false};
    bool hears_control_ = false;
    std::atomic<bool> refuses_{false};
};

}  // namespace chat
