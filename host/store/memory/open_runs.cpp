#include "store/memory/open_runs.hpp"

namespace streamhost::store::memory {

bool OpenRuns::put(std::string_view member, std::int64_t due_ms) {
    auto found = due_.find(member);
    const bool fresh = found == due_.end();
    if (fresh)
        found = due_.emplace(std::string(member), due_ms).first;
    else
        order_.erase({found->second, found->first});
    found->second = due_ms;
    order_.emplace(due_ms, found->first);
    return fresh;
}

bool OpenRuns::remove(std::string_view member) {
    const auto found = due_.find(member);
    if (found == due_.end()) return false;
    order_.erase({found->second, found->first});
    due_.erase(found);
    return true;
}

std::vector<std::string> OpenRuns::take(std::int64_t now_ms, std::int64_t next_ms, std::size_t most) {
    std::vector<std::string> taken;
    for (const auto& [due, member] : order_) {
        if (due > now_ms || taken.size() == most) break;
        taken.emplace_back(member);
    }
    for (const std::string& member : taken)
        put(member, next_ms);
    return taken;
}

}  // namespace streamhost::store::memory
