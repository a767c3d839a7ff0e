#include "limiter.hpp"

#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "streamhost/status.hpp"

namespace ratelimit {

using streamhost::Failure;

namespace {

constexpr std::size_t kMaxKeyBytes = 256;
constexpr std::string_view kNodeKey = "node";
constexpr std::uint32_t kConnectionOwners = 1'000'000;

// Longer names share what their beginnings share.
std::string_view bounded(std::string_view key) { return key.substr(0, kMaxKeyBytes); }

}  // namespace

Limiter::Limiter(Settings settings, const SipKey& key)
    : buckets_(settings.max_buckets, key), connections_(kConnectionOwners, key) {
    const auto rules = std::make_shared<const Rules>(std::move(settings), nullptr, last_id_);
    for (Lane& lane : lanes_)
        lane.rules = rules;
}

const Limiter::Lane& Limiter::lane() const noexcept {
    return lanes_[std::hash<std::thread::id>()(std::this_thread::get_id()) % kLanes];
}

std::shared_ptr<const Rules> Limiter::rules() const {
    const Lane& mine = lane();
    const std::lock_guard lock(mine.mutex);
    return mine.rules;
}

void Limiter::change(Settings settings) {
    const auto before = rules();
    if (settings.prefixes != before->settings().prefixes ||
        settings.max_buckets != before->settings().max_buckets)
        throw Failure(SH_NEEDS_RESTART,
                      "prefixes and max_buckets are taken at the start: what was counted would not be found");
    auto after = std::make_shared<const Rules>(std::move(settings), before.get(), last_id_);
    std::array<std::shared_ptr<const Rules>, kLanes> old;  // let go behind the locks
    for (Lane& lane : lanes_)
        lane.mutex.lock();
    for (std::size_t index = 0; index < kLanes; ++index)
        old[index] = std::exchange(lanes_[index].rules, after);
    for (Lane& lane : lanes_)
        lane.mutex.unlock();
}

Verdict Limiter::take(const Subject& subject, std::uint32_t cost, const Moment& moment,
                      std::vector<Question>& questions) {
    const Lane& mine = lane();
    const std::lock_guard lock(mine.mutex);
    const Rules& rules = *mine.rules;
    const auto& limits = rules.of_verb(subject.verb);
    if (limits.empty() || cost == 0) return {};
    if (rules.is_exempt(subject.address, subject.user)) return {0, By::kNode, true, 0};
    const std::string address = subject.address.empty()
                                    ? std::string()
                                    : address_key(bounded(subject.address), rules.settings().prefixes);
    Owners owners;
    owners.keys = {address, bounded(subject.user), bounded(subject.session), kNodeKey};
    std::uint32_t used = 0;
    for (const ActiveLimit* limit : limits)
        used |= 1U << index_of(limit->limit.by);
    for (std::size_t by = 0; by < kBys; ++by)
        if ((used >> by & 1U) != 0) owners.hashes[by] = buckets_.hash(static_cast<By>(by), owners.keys[by]);
    const Outcome outcome = buckets_.take(limits, owners, cost, moment, questions);
    return {outcome.wait_ms, outcome.by, false, outcome.on_share};
}

Verdict Limiter::enter(std::string_view address, std::string_view user) {
    const auto now = rules();
    const bool is_exempt = now->is_exempt(address, user);
    const std::string key =
        address.empty() ? std::string() : address_key(bounded(address), now->settings().prefixes);
    const ConnectionLimits& limits = now->settings().connections;
    const auto refused = connections_.enter(key, bounded(user), limits, is_exempt);
    if (!refused) return {0, By::kNode, is_exempt, 0};
    return {limits.retry_after_ms, *refused, false, 0};
}

void Limiter::leave(std::string_view address, std::string_view user) {
    const auto now = rules();
    connections_.leave(
        address.empty() ? std::string() : address_key(bounded(address), now->settings().prefixes),
        bounded(user));
}

std::optional<bool> Limiter::forget(By by, std::string_view key, std::vector<Question>& questions) {
    const auto now = rules();
    if (key.empty()) return std::nullopt;
    std::string owner(bounded(key));
    if (by == By::kAddress) {
        const std::string_view plain = key.substr(0, key.find('/'));
        owner = address_key(parse_address(plain) ? plain : bounded(key), now->settings().prefixes);
    }
    if (by == By::kNode && key != kNodeKey) return std::nullopt;
    for (const ActiveLimit& active : now->limits())
        if (active.limit.by == by && active.limit.scope == Scope::kGlobal)
            questions.push_back({active.id, owner, 0});
    return buckets_.forget(*now, by, owner);
}

}  // namespace ratelimit
