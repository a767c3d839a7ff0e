#pragma once
// What a driver without sockets needs of the loop that it lives on. A test stands in for it and owns the
// time.

#include <cstdint>
#include <functional>

namespace streamhost::store {

/// Outlives the store. [store]
class StoreLoop {
public:
    virtual ~StoreLoop() = default;

    /// Store time: Unix milliseconds when the process started, from there on by a monotonic clock. Never goes
    /// back.
    [[nodiscard]] virtual std::int64_t now_ms() const = 0;

    /// Runs the task later on this loop, in order of posting, never inside the call.
    virtual void post(std::function<void()> task) = 0;

    /// Runs the task on this loop once now_ms() >= at_ms. There is no cancel: the task may find nothing to
    /// do.
    virtual void post_at(std::int64_t at_ms, std::function<void()> task) = 0;
};

}  // namespace streamhost::store
