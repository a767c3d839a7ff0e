#include "rules.hpp"

#include <algorithm>
#include <utility>

namespace ratelimit {

Rules::Rules(Settings settings, const Rules* before, std::uint32_t& last_id)
    : settings_(std::move(settings)) {
    for (const Limit& limit : settings_.limits) {
        const ActiveLimit* same = nullptr;
        for (std::size_t index = 0; before != nullptr && index < before->limits_.size(); ++index)
            if (before->limits_[index].limit == limit) same = &before->limits_[index];
        limits_.push_back({limit, same != nullptr ? same->id : ++last_id});
    }
    for (const ActiveLimit& active : limits_)
        for (std::uint32_t verb = 1; verb < kVerbs; ++verb)
            if ((active.limit.verbs >> verb & 1U) != 0) of_verb_[verb].push_back(&active);
}

const std::vector<const ActiveLimit*>& Rules::of_verb(std::uint32_t verb) const noexcept {
    return of_verb_[verb < kVerbs ? verb : 0];
}

const ActiveLimit* Rules::find(std::uint32_t id) const noexcept {
    const auto found =
        std::find_if(limits_.begin(), limits_.end(), [id](const ActiveLimit& one) { return one.id == id; });
    return found == limits_.end() ? nullptr : &*found;
}

bool Rules::has_global() const noexcept {
    return std::any_of(limits_.begin(), limits_.end(),
                       [](const ActiveLimit& one) { return one.limit.scope == Scope::kGlobal; });
}

bool Rules::is_exempt(std::string_view address, std::string_view user) const {
    if (!user.empty() && settings_.exempt_users.contains(user)) return true;
    if (address.empty() || settings_.exempt_networks.empty()) return false;
    const auto parsed = parse_address(address);
    return parsed && std::any_of(settings_.exempt_networks.begin(), settings_.exempt_networks.end(),
                                 [&](const Network& network) { return network.holds(*parsed); });
}

}  // namespace ratelimit
