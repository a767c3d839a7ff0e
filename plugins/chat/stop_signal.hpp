// The problem: a provider sleeps, or sits in a read of a socket, and has to end now because somebody
// cancelled. The signal wakes sleepers and runs what interrupts a blocked call. [any]
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace chat {

enum class StopReason : std::uint8_t { none, cancelled, shutdown, expired, over };

class StopSignal {
public:
    // The first reason counts. The interrupter runs on this thread, under the lock, so it must not block.
    void stop(StopReason reason) {
        const std::lock_guard lock(mutex_);
        if (reason_ != StopReason::none) return;
        reason_ = reason;
        for (const Interruptible* waiting : interruptible_)
            waiting->interrupt_();
        stopped_.notify_all();
    }
    [[nodiscard]] StopReason reason() const {
        const std::lock_guard lock(mutex_);
        return reason_;
    }
    [[nodiscard]] bool stopped() const { return reason() != StopReason::none; }

    // True when stopped before the time was over.
    [[nodiscard]] bool wait_for(std::chrono::milliseconds time) const {
        std::unique_lock lock(mutex_);
        return stopped_.wait_for(lock, time, [this] { return reason_ != StopReason::none; });
    }

    // Held while a call may block: `interrupt` makes it return. Called at once when already stopped. After
    // the guard's end it is not called any more, so what it refers to may go.
    class Interruptible {
    public:
        Interruptible(StopSignal& signal, std::function<void()> interrupt)
            : signal_(signal), interrupt_(std::move(interrupt)) {
            const std::lock_guard lock(signal_.mutex_);
            signal_.interruptible_.push_back(this);
            if (signal_.reason_ != StopReason::none) interrupt_();
        }
        ~Interruptible() {
            const std::lock_guard lock(signal_.mutex_);
            std::erase(signal_.interruptible_, static_cast<const Interruptible*>(this));
        }
        Interruptible(const Interruptible&) = delete;
        Interruptible& operator=(const Interruptible&) = delete;

    private:
        friend class StopSignal;
        StopSignal& signal_;
        std::function<void()> interrupt_;
    };

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable stopped_;
    StopReason reason_ = StopReason::none;
    std::vector<const Interruptible*> interruptible_;  // nested calls of one thread
};

}  // namespace chat
