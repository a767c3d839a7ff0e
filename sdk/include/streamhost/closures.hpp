// Closures stay on the plugin's side: the host carries a number, this table turns it back into the closure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "streamhost/unique_function.hpp"

namespace streamhost {

// A number says the place and how often the place was given out before: one that comes late or twice finds
// nothing. Places are used again, the last one first, so that a closure that comes and goes allocates nothing
// here. [any]
template <typename Signature>
class Closures {
public:
    using Closure = UniqueFunction<Signature>;

    std::uint64_t put(Closure closure) {
        const std::lock_guard lock(mutex_);
        if (free_.empty()) {
            if (places_.size() > kIndexMask) throw std::length_error("too many closures wait");
            places_.emplace_back();
            // So that take() does not throw.
            if (free_.capacity() < places_.size()) free_.reserve(places_.size() * 2);
            free_.push_back(places_.size() - 1);
        }
        const std::size_t index = free_.back();
        free_.pop_back();
        Place& place = places_[index];
        place.closure.emplace(std::move(closure));
        return place.turn << kIndexBits | index;
    }
    // Takes it out: for what happens once.
    std::optional<Closure> take(std::uint64_t number) {
        const std::lock_guard lock(mutex_);
        const std::size_t index = number & kIndexMask;
        if (index >= places_.size() || places_[index].turn != number >> kIndexBits) return std::nullopt;
        Place& place = places_[index];
        if (!place.closure) return std::nullopt;
        ++place.turn;
        free_.push_back(index);
        return std::exchange(place.closure, std::nullopt);
    }
    void drop(std::uint64_t number) { take(number); }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return places_.size() - free_.size();
    }

private:
    static constexpr unsigned kIndexBits = 24;
    static constexpr std::uint64_t kIndexMask = (std::uint64_t{1} << kIndexBits) - 1;
    struct Place {
        std::uint64_t turn = 1;
        std::optional<Closure> closure;  // none: free
    };

    mutable std::mutex mutex_;
    std::vector<Place> places_;
    std::vector<std::size_t> free_;
};

}  // namespace streamhost
