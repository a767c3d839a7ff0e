#include "buckets.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace ratelimit {

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

std::int64_t whole_ms(std::int64_t ns) { return (ns + kNsPerMs - 1) / kNsPerMs; }

}  // namespace

// The parts of one call, in their order: two calls that need the same ones cannot wait for each other.
struct Buckets::Locks {
    Locks(Buckets& buckets, std::span<const ActiveLimit* const> limits, const Owners& owners) {
        for (const ActiveLimit* limit : limits)
            if (!owners.keys[index_of(limit->limit.by)].empty())
                needed[count++] = &buckets.shard_of(owners.hashes[index_of(limit->limit.by)]);
        std::sort(needed.begin(), needed.begin() + static_cast<std::ptrdiff_t>(count));
        const auto end = std::unique(needed.begin(), needed.begin() + static_cast<std::ptrdiff_t>(count));
        count = static_cast<std::size_t>(end - needed.begin());
        for (std::size_t index = 0; index < count; ++index)
            needed[index]->mutex.lock();
    }
    ~Locks() {
        for (std::size_t index = 0; index < count; ++index)
            needed[index]->mutex.unlock();
    }
    Locks(const Locks&) = delete;
    Locks& operator=(const Locks&) = delete;

    std::array<Shard*, kMaxLimits> needed{};
    std::size_t count = 0;
};

Buckets::Buckets(std::uint32_t max_buckets, const SipKey& key)
    : key_(key), shard_capacity_(std::max<std::size_t>(1, max_buckets / kShards)) {
    for (Shard& shard : shards_)
        shard.map.reserve(shard_capacity_);  // no growth inside a lock
}

// Owners of one name are others by each `by`.
std::uint64_t Buckets::hash(By by, std::string_view key) const noexcept {
    return siphash({key_.low + index_of(by), key_.high}, key);
}

void Buckets::ask(Bucket& bucket, const ActiveLimit& limit, std::string_view key, const Moment& moment,
                  std::vector<Question>& questions) {
    if (!bucket.lease) return;
    if (const std::int64_t want = bucket.lease->ask(limit.limit.rate, moment); want > 0)
        questions.push_back({limit.id, std::string(key), want});
}

Outcome Buckets::take(std::span<const ActiveLimit* const> limits, const Owners& owners, std::int64_t cost,
                      const Moment& moment, std::vector<Question>& questions) {
    const Locks locks(*this, limits, owners);
    Outcome outcome;
    std::int64_t longest_ns = 0;
    for (const ActiveLimit* active : limits) {
        const std::size_t by = index_of(active->limit.by);
        if (owners.keys[by].empty()) continue;
        Shard& shard = shard_of(owners.hashes[by]);
        const auto found = shard.map.find(View{owners.hashes[by], active->id, owners.keys[by]});
        if (found == shard.map.end()) continue;  // a new one is full, or has credit
        const Rate& rate = active->limit.rate;
        const std::int64_t tokens = std::min(cost, rate.burst);
        const Bucket& bucket = found->second;
        const std::int64_t wait_ns = bucket.lease ? bucket.lease->wait_ns(rate, tokens, moment)
                                                  : bucket.cell.wait_ns(rate, tokens, moment.now_ns);
        if (wait_ns <= longest_ns) continue;
        longest_ns = wait_ns;
        outcome.by = active->limit.by;
    }
    outcome.wait_ms = whole_ms(longest_ns);
    if (longest_ns == 0)
        take_all(limits, owners, cost, moment, questions, outcome);
    else
        refuse(limits, owners, moment, questions, outcome.by);
    return outcome;
}

void Buckets::take_all(std::span<const ActiveLimit* const> limits, const Owners& owners, std::int64_t cost,
                       const Moment& moment, std::vector<Question>& questions, Outcome& outcome) {
    for (const ActiveLimit* active : limits) {
        const std::size_t by = index_of(active->limit.by);
        if (owners.keys[by].empty()) continue;
        const Rate& rate = active->limit.rate;
        const std::int64_t tokens = std::min(cost, rate.burst);
        Bucket& bucket = bucket_of(shard_of(owners.hashes[by]),
                                   {owners.hashes[by], active->id, owners.keys[by]}, *active, moment);
        if (bucket.lease)
            outcome.on_share += bucket.lease->take(rate, tokens, moment) ? 1U : 0U;
        else
            bucket.cell.take(rate, tokens, moment.now_ns);
        ask(bucket, *active, owners.keys[by], moment, questions);
    }
}

// Who is refused wants to come again, so what is missing is fetched meanwhile.
void Buckets::refuse(std::span<const ActiveLimit* const> limits, const Owners& owners, const Moment& moment,
                     std::vector<Question>& questions, By by) {
    shard_of(owners.hashes[index_of(by)]).top.note(by, owners.keys[index_of(by)], moment.now_ns);
    for (const ActiveLimit* active : limits) {
        const std::size_t owner = index_of(active->limit.by);
        if (active->limit.scope != Scope::kGlobal || owners.keys[owner].empty()) continue;
        Shard& shard = shard_of(owners.hashes[owner]);
        const auto found = shard.map.find(View{owners.hashes[owner], active->id, owners.keys[owner]});
        if (found != shard.map.end()) ask(found->second, *active, owners.keys[owner], moment, questions);
    }
}

Buckets::Bucket& Buckets::bucket_of(Shard& shard, const View& key, const ActiveLimit& limit,
                                    const Moment& moment) {
    const auto found = shard.map.find(key);
    if (found != shard.map.end()) return found->second;
    make_room(shard, moment.now_ns);
    Bucket& bucket =
        shard.map.emplace(Key{key.hash, key.limit, std::string(key.text)}, Bucket{}).first->second;
    if (limit.limit.scope == Scope::kGlobal) bucket.lease = std::make_unique<Lease>(limit.limit.rate, moment);
    return bucket;
}

// A few of the full ones go with each newcomer; without room one goes in any case.
void Buckets::make_room(Shard& shard, std::int64_t now_ns) {
    Map& map = shard.map;
    const bool must = map.size() >= shard_capacity_;
    const Key* fullest = nullptr;
    std::int64_t fullest_at_ns = std::numeric_limits<std::int64_t>::max();
    std::array<const Key*, kLooks> full{};
    std::size_t found = 0;
    const std::size_t looks = must ? kLooks : 2;
    const std::size_t chains = map.bucket_count();
    // A table that is nearly empty must not be walked through; one without room has somebody in nearly each.
    const auto goes_on = [&](std::size_t seen, std::size_t passed) {
        return seen < looks && passed < chains && (passed < 4 * looks || (must && seen == 0));
    };
    for (std::size_t seen = 0, passed = 0; goes_on(seen, passed); ++passed) {
        if (shard.cursor >= chains) shard.cursor = 0;
        for (auto one = map.begin(shard.cursor); one != map.end(shard.cursor) && seen < looks;
             ++one, ++seen) {
            const std::int64_t at_ns = one->second.full_at_ns();
            if (at_ns <= now_ns) full[found++] = &one->first;
            if (fullest == nullptr || at_ns < fullest_at_ns) {
                fullest = &one->first;
                fullest_at_ns = at_ns;
            }
        }
        ++shard.cursor;
    }
    for (std::size_t index = 0; index < found; ++index)
        map.erase(map.find(*full[index]));
    if (!must || found > 0 || fullest == nullptr) return;
    map.erase(map.find(*fullest));
    ++shard.evictions;
}

std::int64_t Buckets::answer(const ActiveLimit& limit, std::string_view key,
                             std::optional<std::int64_t> granted, std::int64_t wait_ns, std::int64_t now_ns) {
    const std::uint64_t hashed = hash(limit.limit.by, key);
    Shard& shard = shard_of(hashed);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.map.find(View{hashed, limit.id, key});
    if (found == shard.map.end() || !found->second.lease) return 0;
    Lease& lease = *found->second.lease;
    if (granted)
        lease.answered(*granted, wait_ns, now_ns);
    else
        lease.failed(now_ns);
    return lease.pay_at_ns();
}

std::int64_t Buckets::pay(const ActiveLimit& limit, std::string_view key, const Moment& moment) {
    const std::uint64_t hashed = hash(limit.limit.by, key);
    Shard& shard = shard_of(hashed);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.map.find(View{hashed, limit.id, key});
    if (found == shard.map.end() || !found->second.lease || found->second.lease->pay_at_ns() == 0) return 0;
    return found->second.lease->ask(limit.limit.rate, moment);
}

bool Buckets::forget(const Rules& rules, By by, std::string_view key) {
    const std::uint64_t hashed = hash(by, key);
    Shard& shard = shard_of(hashed);
    const std::lock_guard lock(shard.mutex);
    bool was_there = false;
    for (const ActiveLimit& active : rules.limits()) {
        const auto found = shard.map.find(View{hashed, active.id, key});
        if (active.limit.by != by || found == shard.map.end()) continue;
        shard.map.erase(found);
        was_there = true;
    }
    shard.top.forget(by, key);
    return was_there;
}

void Buckets::sweep(const Rules& rules, std::size_t looks, std::int64_t now_ns) {
    std::vector<Key> dead;
    for (Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        Map& map = shard.map;
        const std::size_t chains = map.bucket_count();
        for (std::size_t passed = 0; passed < std::min(looks, chains); ++passed, ++shard.cursor) {
            if (shard.cursor >= chains) shard.cursor = 0;
            for (auto one = map.begin(shard.cursor); one != map.end(shard.cursor); ++one)
                if (one->second.full_at_ns() <= now_ns || rules.find(one->first.limit) == nullptr)
                    dead.push_back(one->first);
        }
        for (const Key& key : dead)
            map.erase(map.find(key));
        dead.clear();
    }
}

std::vector<Throttled> Buckets::top(std::size_t most) const {
    std::vector<Throttled> all;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        shard.top.append_to(all);
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.refused > b.refused; });
    if (all.size() > most) all.resize(most);
    return all;
}

Buckets::Sizes Buckets::sizes() const {
    Sizes sizes;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        sizes.buckets += shard.map.size();
        sizes.evictions += shard.evictions;
    }
    return sizes;
}

}  // namespace ratelimit
