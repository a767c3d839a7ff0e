// The problem: spans come from loops that must not wait, in bursts, while the collector may be slow or away.
// Encoded spans wait here, at most so many; what comes then is refused. [any]
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tracing {

class SpanQueue {
public:
    using Time = std::chrono::steady_clock::time_point;

    explicit SpanQueue(std::size_t limit) : limit_(limit) {}

    // False: full, or closed.
    [[nodiscard]] bool push(std::string span, Time now) {
        const std::lock_guard lock(mutex_);
        if (is_closed_ || spans_.size() >= limit_) return false;
        spans_.push_back({std::move(span), now});
        return true;
    }
    // At most `most`, the oldest first.
    [[nodiscard]] std::vector<std::string> take(std::size_t most) {
        std::vector<std::string> out;
        const std::lock_guard lock(mutex_);
        while (!spans_.empty() && out.size() < most) {
            out.push_back(std::move(spans_.front().text));
            spans_.pop_front();
        }
        return out;
    }
    // Whether a batch is full, or the oldest has waited since `since`.
    [[nodiscard]] bool is_due(std::size_t batch, Time since) const {
        const std::lock_guard lock(mutex_);
        return spans_.size() >= batch || (!spans_.empty() && spans_.front().since <= since);
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return spans_.size();
    }
    // Takes no more. Answers how many are thrown away.
    std::size_t close() {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        const std::size_t lost = spans_.size();
        spans_.clear();
        return lost;
    }

private:
    struct Span {
        std::string text;
        Time since;
    };
    const std::size_t limit_;
    mutable std::mutex mutex_;  // guards all below
    std::deque<Span> spans_;
    bool is_closed_ = false;
};

}  // namespace tracing
