// Which connections outlive their tokens: by the end of each, so that a sweep looks at those alone whose time
// has come. No clock: time is passed in. Touched by one loop.
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/websocket.h"

namespace gateway {

class Expiries {
public:
    // Instead of what was said before; 0: never.
    void set(sh_connection id, std::int64_t at_ms) {
        remove(id);
        if (at_ms == 0) return;
        ends_.emplace(id, at_ms);
        order_.emplace(at_ms, id);
    }
    void remove(sh_connection id) {
        const auto found = ends_.find(id);
        if (found == ends_.end()) return;
        order_.erase({found->second, id});
        ends_.erase(found);
    }
    // Those whose time has come; each is told once.
    [[nodiscard]] std::vector<sh_connection> due(std::int64_t now_ms) {
        std::vector<sh_connection> over;
        while (!order_.empty() && order_.begin()->first <= now_ms) {
            over.push_back(order_.begin()->second);
            remove(over.back());
        }
        return over;
    }
    [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }

private:
    std::unordered_map<sh_connection, std::int64_t> ends_;
    std::set<std::pair<std::int64_t, sh_connection>> order_;
};

}  // namespace gateway
