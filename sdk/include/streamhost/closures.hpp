// Closures stay on the plugin's side: the host carries a number, this table turns it back into the closure.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "streamhost/unique_function.hpp"

namespace streamhost {

// Numbers are never reused, so a late or repeated number finds nothing. [any]
template <typename Signature>
class Closures {
public:
    using Closure = UniqueFunction<Signature>;

    std::uint64_t put(Closure closure) {
        const std::lock_guard lock(mutex_);
        const std::uint64_t number = next_++;
        table_.emplace(number, std::move(closure));
        return number;
    }
    // Takes it out: for what happens once.
    std::optional<Closure> take(std::uint64_t number) {
        const std::lock_guard lock(mutex_);
        const auto found = table_.find(number);
        if (found == table_.end()) return std::nullopt;
        std::optional<Closure> closure(std::move(found->second));
        table_.erase(found);
        return closure;
    }
    void drop(std::uint64_t number) { take(number); }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return table_.size();
    }

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, Closure> table_;
    std::uint64_t next_ = 1;
};

}  // namespace streamhost
