#include "store/policy/policies.hpp"

#include <algorithm>

#include "store/glob.hpp"
#include "store/validate.hpp"

namespace streamhost::store {

Policy Policies::of(std::string_view stream) const noexcept {
    const std::string_view home = home_of(stream);
    const auto rule = std::find_if(rules_.begin(), rules_.end(),
                                   [home](const PolicyRule& each) { return glob_match(each.homes, home); });
    return rule == rules_.end() ? Policy::kDurable : rule->policy;
}

bool Policies::has(Policy policy) const noexcept {
    return std::any_of(rules_.begin(), rules_.end(),
                       [policy](const PolicyRule& each) { return each.policy == policy; });
}

}  // namespace streamhost::store
