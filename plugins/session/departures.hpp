// The problem: that a connection closed is said once. When the store loop takes no more tasks just then,
// nobody would ever say it again, and the session would be registered here for as long as the node lives: no
// other node cleans up after one that is alive.
//
// Who left and could not be told of. At most one entry per connection that closed in between, and kMax.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/websocket.h"

namespace session {

// [any]
class Departures {
public:
    static constexpr std::size_t kMax = 1u << 20;

    // False: there are too many, these are lost.
    [[nodiscard]] bool keep(const std::vector<sh_connection>& left) {
        const std::lock_guard lock(mutex_);
        if (left_.size() + left.size() > kMax) return false;
        left_.insert(left_.end(), left.begin(), left.end());
        return true;
    }
    [[nodiscard]] std::vector<sh_connection> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(left_, {});
    }

private:
    std::mutex mutex_;
    std::vector<sh_connection> left_;
};

}  // namespace session
