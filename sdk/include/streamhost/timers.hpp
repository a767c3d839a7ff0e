// The closures of a plugin's timers, from start_timer() to the last run or the cancelling.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "streamhost/abi/host.h"
#include "streamhost/abi/status.h"
#include "streamhost/unique_function.hpp"

namespace streamhost {

// A timer has two names: the number that comes back in run_task(), which is ours, and the handle that cancels
// it, which is the host's and known only when the host has answered. By then it may have fired on another
// thread, so asking and noting both down is one step under the lock. [any]
class TimerTable {
public:
    using Task = UniqueFunction<void()>;
    enum class Repeat : std::uint8_t { once = 1, periodic };

    // begin(number, &handle) asks the host.
    template <typename Begin>
    sh_status start(Repeat repeat, Task task, Begin&& begin, sh_handle* out) {
        auto kept = std::make_shared<Task>(std::move(task));
        const std::lock_guard lock(mutex_);
        const std::uint64_t number = next_++;
        sh_handle handle = 0;
        const sh_status status = begin(number, &handle);
        if (status != SH_OK) return status;
        timers_.emplace(number, Timer{std::move(kept), handle, repeat});
        numbers_.emplace(handle, number);
        if (out != nullptr) *out = handle;
        return SH_OK;
    }

    // The closure goes at once, unless it is running just now: then when it returns.
    void drop(sh_handle handle) {
        std::shared_ptr<Task> last;  // dies outside of the lock: its destructor is the plugin's code
        const std::lock_guard lock(mutex_);
        const auto number = numbers_.find(handle);
        if (number == numbers_.end()) return;
        const auto timer = timers_.find(number->second);
        last = std::move(timer->second.task);
        timers_.erase(timer);
        numbers_.erase(number);
    }

    void run(std::uint64_t number) {
        if (const std::shared_ptr<Task> task = take(number)) (*task)();
    }

    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return timers_.size();
    }

private:
    struct Timer {
        std::shared_ptr<Task> task;
        sh_handle handle = 0;
        Repeat repeat = Repeat::once;
    };

    std::shared_ptr<Task> take(std::uint64_t number) {
        const std::lock_guard lock(mutex_);
        const auto found = timers_.find(number);
        if (found == timers_.end()) return nullptr;
        std::shared_ptr<Task> task = found->second.task;
        if (found->second.repeat == Repeat::once) {
            numbers_.erase(found->second.handle);
            timers_.erase(found);
        }
        return task;
    }

    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, Timer> timers_;
    std::unordered_map<sh_handle, std::uint64_t> numbers_;
    std::uint64_t next_ = 1;
};

}  // namespace streamhost
