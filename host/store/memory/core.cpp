#include "store/memory/core.hpp"

#include <algorithm>

namespace streamhost::store::memory {
namespace {

// A burst of answers must not hold the loop that also serves sockets.
constexpr std::size_t kAnswersPerTurn = 512;

}  // namespace

Core::Core(const MemoryOptions& options, StoreLoop& loop, LiveSink& sink)
    : account(options.max_bytes), options_(options), loop_(loop), sink_(sink) {
    self_ = std::make_shared<Core*>(this);
}

Core::~Core() {
    *self_ = nullptr;
    closed_ = true;
    // Whoever destroys a store with open commands breaks the contract; the commands still get their one
    // answer.
    while (!queue_.empty()) {
        Item item = std::move(queue_.front());
        queue_.pop_front();
        item();
    }
}

Submit Core::admit() {
    if (closed_) return Submit::kGone;
    if (in_flight_ >= options_.limits.in_flight) {
        ++refused_;
        return Submit::kBusy;
    }
    ++in_flight_;
    return Submit::kAccepted;
}

void Core::enqueue(Item item) {
    queue_.push_back(std::move(item));
    schedule();
}

void Core::schedule() {
    if (scheduled_) return;
    scheduled_ = true;
    loop_.post([weak = self_] {
        if (*weak) (*weak)->drain();
    });
}

void Core::drain() {
    // Runs also when an answer throws: the rest of the queue must not wait for the next command.
    struct Rest {
        Core* core;
        std::shared_ptr<Core*> weak;
        ~Rest() {
            if (*weak && !core->queue_.empty()) core->schedule();
        }
    };
    scheduled_ = false;
    const Rest rest{this, self_};
    for (std::size_t turn = std::min(queue_.size(), kAnswersPerTurn); turn > 0; --turn) {
        Item item = std::move(queue_.front());
        queue_.pop_front();
        item();
        if (!*rest.weak) return;
    }
}

void Core::wake_at(std::int64_t at_ms) {
    if (next_wake_ms_ != 0 && next_wake_ms_ <= at_ms) return;
    next_wake_ms_ = at_ms;
    loop_.post_at(at_ms, [weak = self_, at_ms] {
        if (*weak) (*weak)->on_wake(at_ms);
    });
}

void Core::on_wake(std::int64_t at_ms) {
    if (at_ms != next_wake_ms_) return;  // an earlier wake was armed after this one
    next_wake_ms_ = 0;
    if (on_time_ && !closed_) on_time_();
}

}  // namespace streamhost::store::memory
