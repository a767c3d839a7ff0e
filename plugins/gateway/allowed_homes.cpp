#include "allowed_homes.hpp"

#include <algorithm>

namespace gateway {

void AllowedHomes::allow(std::string_view home, std::int64_t now_ms) {
    const auto place = std::ranges::lower_bound(homes_, home, {}, &Home::name);
    if (place != homes_.end() && place->name == home) {
        place->end_ms = now_ms + kMs;
        return;
    }
    homes_.insert(place, {std::string(home), now_ms + kMs});
    if (homes_.size() > kMax) homes_.erase(std::ranges::min_element(homes_, {}, &Home::end_ms));
}

bool AllowedHomes::holds(std::string_view home, std::int64_t now_ms) const {
    const auto found = std::ranges::lower_bound(homes_, home, {}, &Home::name);
    return found != homes_.end() && found->name == home && now_ms < found->end_ms;
}

}  // namespace gateway
