#pragma once
// Members by the time at which somebody must look at them again.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/memory/swept_map.hpp"

namespace streamhost::store::memory {

/// One shard of runs:open. [store]
class OpenRuns {
public:
    /// True when the member is new.
    bool put(std::string_view member, std::int64_t due_ms);
    bool remove(std::string_view member);
    /// At most `most` members due at `now_ms`, soonest first; each is moved to `next_ms`.
    std::vector<std::string> take(std::int64_t now_ms, std::int64_t next_ms, std::size_t most);
    [[nodiscard]] std::size_t size() const noexcept { return due_.size(); }

private:
    TextMap<std::int64_t> due_;
    std::set<std::pair<std::int64_t, std::string_view>> order_;  // views of the keys of due_
};

}  // namespace streamhost::store::memory
