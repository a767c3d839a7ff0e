#include "allowed_homes.hpp"

#include <algorithm>

namespace gateway {

void AllowedHomes::allow(std::string_view home, std::int64_t now_ms) {
    ends_.insert_or_assign(std::string(home), now_ms + kMs);
    if (ends_.size() <= kMax) return;
    ends_.erase(std::min_element(ends_.begin(), ends_.end(), [](const auto& one, const auto& other) {
        return one.second < other.second;
    }));
}

bool AllowedHomes::holds(std::string_view home, std::int64_t now_ms) const {
    const auto found = ends_.find(home);
    return found != ends_.end() && now_ms < found->second;
}

}  // namespace gateway
