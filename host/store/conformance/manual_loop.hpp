#pragma once
// A loop whose time a test owns.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "store/store_loop.hpp"

namespace streamhost::store::conformance {

class ManualLoop final : public StoreLoop {
public:
    [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
    void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
    void post_at(std::int64_t at_ms, std::function<void()> task) override {
        timers_.emplace(at_ms, std::move(task));
    }

    /// Runs posted tasks, and those that they post, until none is left.
    void settle() {
        while (!tasks_.empty()) {
            auto task = std::move(tasks_.front());
            tasks_.pop_front();
            task();
        }
    }

    /// Lets time pass in one jump, as for a loop that was held up, and runs what is due then.
    void advance(std::int64_t ms) {
        settle();
        now_ms_ += ms;
        while (!timers_.empty() && timers_.begin()->first <= now_ms_) {
            auto task = std::move(timers_.begin()->second);
            timers_.erase(timers_.begin());
            task();
        }
        settle();
    }

    [[nodiscard]] bool idle() const noexcept { return tasks_.empty(); }

private:
    std::int64_t now_ms_ = 1'700'000'000'000;
    std::deque<std::function<void()>> tasks_;
    std::multimap<std::int64_t, std::function<void()>> timers_;
};

}  // namespace streamhost::store::conformance
