// What is in force: the limits with what is made of them, and who is exempt. Immutable once made. [any]
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "address.hpp"
#include "limit.hpp"

namespace ratelimit {

struct Settings {
    std::vector<Limit> limits;  // at most kMaxLimits, no two alike
    ConnectionLimits connections;
    Prefixes prefixes;
    std::vector<Network> exempt_networks;
    std::set<std::string, std::less<>> exempt_users;
    std::uint32_t max_buckets = 100'000;
};

struct ActiveLimit {
    Limit limit;
    std::uint32_t id = 0;  // of its buckets; another limit never has it
};

class Rules {
public:
    // A limit that `before` has, too, keeps its buckets; ids of others are counted on from `last_id`.
    Rules(Settings settings, const Rules* before, std::uint32_t& last_id);

    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] const std::vector<ActiveLimit>& limits() const noexcept { return limits_; }
    [[nodiscard]] const std::vector<const ActiveLimit*>& of_verb(std::uint32_t verb) const noexcept;
    [[nodiscard]] const ActiveLimit* find(std::uint32_t id) const noexcept;
    [[nodiscard]] bool has_global() const noexcept;
    [[nodiscard]] bool is_exempt(std::string_view address, std::string_view user) const;

private:
    Settings settings_;
    std::vector<ActiveLimit> limits_;
    std::array<std::vector<const ActiveLimit*>, kVerbs> of_verb_;
};

}  // namespace ratelimit
