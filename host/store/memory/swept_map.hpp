#pragma once
// A table whose dead entries go by the way: each sweep looks at a few buckets and goes on where the last one
// stopped. An expiry index would free memory to the second, but cost every idle stream 50 bytes more than it
// has now; exactness comes from the owner, who checks an entry's time on each look-up.

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/text_map.hpp"

namespace streamhost::store::memory {

/// [store]
template <typename Value>
class SweptMap {
public:
    Value* find(std::string_view key) {
        const auto found = map_.find(key);
        return found == map_.end() ? nullptr : &found->second;
    }

    /// The value of the key, made if missing. Values and keys keep their address until erased.
    std::pair<const std::string&, Value&> at(std::string_view key) {
        auto found = map_.find(key);
        if (found == map_.end()) found = map_.emplace(std::string(key), Value{}).first;
        return {found->first, found->second};
    }

    bool erase(std::string_view key) {
        const auto found = map_.find(key);
        if (found == map_.end()) return false;
        map_.erase(found);
        return true;
    }

    [[nodiscard]] std::size_t size() const noexcept { return map_.size(); }

    template <typename Visit>
    void for_each(Visit&& visit) {
        for (auto& [key, value] : map_)
            visit(key, value);
    }

    /// Shows about `items` entries to `visit(key, value)`, which says whether the entry is dead, and lists
    /// the dead. The caller erases them: it may have more to do than to forget.
    template <typename Visit>
    std::vector<std::string> sweep(std::size_t items, Visit&& visit) {
        std::vector<std::string> dead;
        const std::size_t buckets = map_.bucket_count();
        for (std::size_t seen = 0, passed = 0; seen < items && passed < buckets; ++passed) {
            if (cursor_ >= buckets) cursor_ = 0;
            for (auto it = map_.begin(cursor_); it != map_.end(cursor_); ++it, ++seen)
                if (visit(it->first, it->second)) dead.push_back(it->first);
            ++cursor_;
        }
        return dead;
    }

private:
    TextMap<Value> map_;
    std::size_t cursor_ = 0;
};

}  // namespace streamhost::store::memory
