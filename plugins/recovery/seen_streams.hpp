// The problem: a run is named by several entries of its session, and a reader that has left it, or has had
// all of it, must not be given it again at the next one. A connection may live for weeks and see any number.
//
// The last kMax streams that a reader was given, or that wait for it. The oldest is forgotten: its run has
// ended long ago as a rule, and would only be sent a second time, which readers drop by its numbers.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

namespace recovery {

class SeenStreams {
public:
    static constexpr std::size_t kMax = 512;

    SeenStreams() = default;
    SeenStreams(const SeenStreams&) = delete;  // order_ points into names_
    SeenStreams& operator=(const SeenStreams&) = delete;

    // False: it is among them already. [store]
    bool add(std::string_view stream) {
        const auto [place, is_new] = names_.emplace(stream);
        if (!is_new) return false;
        order_.push_back(*place);
        if (order_.size() > kMax) {
            names_.erase(std::string(order_.front()));
            order_.pop_front();
        }
        return true;
    }
    [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

private:
    std::unordered_set<std::string> names_;  // its elements stay where they are
    std::deque<std::string_view> order_;
};

}  // namespace recovery
