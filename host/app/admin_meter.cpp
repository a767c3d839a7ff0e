#include "app/admin_meter.hpp"

#include <algorithm>

namespace streamhost::app {

void AdminMeter::answered(observe::Metrics& metrics, std::string_view path, std::uint32_t status) const {
    const auto* const others = kRoutes.end() - 1;
    const auto* const route =
        std::find_if(kRoutes.begin(), others, [path](auto root) { return is_at_or_below(path, root); });
    meters_[static_cast<std::size_t>(route - kRoutes.begin())].answered(metrics, *route, status);
}

}  // namespace streamhost::app
