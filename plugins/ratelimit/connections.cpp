#include "connections.hpp"

namespace ratelimit {

namespace {

// One table for both: no address is also a user.
std::string owner_of(By by, std::string_view key) {
    return std::string(1, by == By::kAddress ? 'a' : 'u').append(key);
}

}  // namespace

Connections::Shard& Connections::shard_of(std::string_view owner) {
    return shards_[siphash({key_.high, key_.low}, owner) % kShards];
}

bool Connections::add(std::string_view owner, std::uint32_t limit, bool is_exempt) {
    const bool is_limited = limit > 0 && !is_exempt;
    Shard& shard = shard_of(owner);
    const std::lock_guard lock(shard.mutex);
    if (!shard.map) shard.map.emplace(0, TextHash{key_});
    const auto found = shard.map->find(owner);
    if (found != shard.map->end()) {
        if (is_limited && found->second >= limit) return false;
        ++found->second;
        return true;
    }
    if (shard.map->size() >= max_per_shard_) return !is_limited;
    shard.map->emplace(owner, 1);
    return true;
}

// What was let in uncounted is not there.
void Connections::remove(std::string_view owner) {
    Shard& shard = shard_of(owner);
    const std::lock_guard lock(shard.mutex);
    if (!shard.map) return;
    const auto found = shard.map->find(owner);
    if (found != shard.map->end() && --found->second == 0) shard.map->erase(found);
}

// Count first and take it back when the next limit says no: for that moment somebody else may be refused who
// comes back in retry_after_ms, and nobody gets in who should not.
std::optional<By> Connections::enter(std::string_view address, std::string_view user,
                                     const ConnectionLimits& limits, bool is_exempt) {
    if (!address.empty() && !add(owner_of(By::kAddress, address), limits.per_address, is_exempt))
        return By::kAddress;
    if (!user.empty() && !add(owner_of(By::kUser, user), limits.per_user, is_exempt)) {
        if (!address.empty()) remove(owner_of(By::kAddress, address));
        return By::kUser;
    }
    if (address.empty()) return std::nullopt;
    std::uint64_t count = node_.load(std::memory_order_relaxed);
    do {
        if (limits.node == 0 || is_exempt || count < limits.node) continue;
        remove(owner_of(By::kAddress, address));
        if (!user.empty()) remove(owner_of(By::kUser, user));
        return By::kNode;
    } while (!node_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
    return std::nullopt;
}

void Connections::leave(std::string_view address, std::string_view user) {
    if (!user.empty()) remove(owner_of(By::kUser, user));
    if (address.empty()) return;
    remove(owner_of(By::kAddress, address));
    // A new instance hears of connections that the one before it counted.
    std::uint64_t count = node_.load(std::memory_order_relaxed);
    while (count > 0 && !node_.compare_exchange_weak(count, count - 1, std::memory_order_relaxed)) {
    }
}

}  // namespace ratelimit
