// The problem: every message of every connection asks some buckets, from all loops and workers at once, and
// strangers choose how many buckets there are.
//
// A table in kShards parts by the bucket's owner, each with a mutex that is held for a few look-ups and never
// while anybody is asked or waited for. A call locks the parts that it needs, in their order, so that it
// takes from all its buckets or from none.
//
// Bounded: a bucket that is full again says nothing, and goes when a sweep or a newcomer comes by. When a
// part has no room, a newcomer takes the place of the one of kLooks buckets that would be full first:
// `evictions`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gcra.hpp"
#include "lease.hpp"
#include "rules.hpp"
#include "siphash.hpp"
#include "top_list.hpp"

namespace ratelimit {

// Whose buckets are asked: by index_of(By), empty where that is not known.
struct Owners {
    std::array<std::string_view, kBys> keys;
    std::array<std::uint64_t, kBys> hashes{};
};

// Tokens that the store is to be asked for.
struct Question {
    std::uint32_t limit = 0;
    std::string key;
    std::int64_t want = 0;
};

// wait_ms 0: taken. Else by which limit it was refused for longest.
struct Outcome {
    std::int64_t wait_ms = 0;
    By by = By::kNode;
    std::uint32_t on_share = 0;  // buckets of global limits in which the node's own share decided
};

class Buckets {
public:
    static constexpr std::size_t kShards = 64;
    static constexpr std::size_t kLooks = 16;

    // Clock-free as everything here; `key` is secret and random.
    Buckets(std::uint32_t max_buckets, const SipKey& key);

    [[nodiscard]] std::uint64_t hash(By by, std::string_view key) const noexcept;
    // [any]. `questions` gets what the store is to be asked now; each of them is answered once, below.
    Outcome take(std::span<const ActiveLimit* const> limits, const Owners& owners, std::int64_t cost,
                 const Moment& moment, std::vector<Question>& questions);
    // What the store said to a question; `granted` empty: nothing. When to ask again without a taker, or 0.
    std::int64_t answer(const ActiveLimit& limit, std::string_view key, std::optional<std::int64_t> granted,
                        std::int64_t wait_ns, std::int64_t now_ns);
    // What is to be paid for, if it still is. 0: nothing.
    [[nodiscard]] std::int64_t pay(const ActiveLimit& limit, std::string_view key, const Moment& moment);

    // True: something was there. [any]
    bool forget(const Rules& rules, By by, std::string_view key);
    // Looks at `looks` buckets of each part, and forgets those that are full or of a limit that is gone.
    void sweep(const Rules& rules, std::size_t looks, std::int64_t now_ns);
    // The `most` most refused owners since they got their place. [any]
    [[nodiscard]] std::vector<Throttled> top(std::size_t most) const;

    struct Sizes {
        std::uint64_t buckets = 0;
        std::uint64_t evictions = 0;
    };
    [[nodiscard]] Sizes sizes() const;

private:
    struct View {
        std::uint64_t hash;
        std::uint32_t limit;
        std::string_view text;
    };
    struct Key {
        std::uint64_t hash;
        std::uint32_t limit;
        std::string text;
    };
    struct Hash {
        using is_transparent = void;
        template <typename Any>
        std::size_t operator()(const Any& key) const noexcept {
            return static_cast<std::size_t>(key.hash + key.limit * 0x9e3779b97f4a7c15U);
        }
    };
    struct Equal {
        using is_transparent = void;
        template <typename One, typename Other>
        bool operator()(const One& a, const Other& b) const noexcept {
            return a.limit == b.limit && a.text == b.text;
        }
    };
    struct Bucket {
        Gcra cell;
        std::unique_ptr<Lease> lease;  // of a global limit, instead of the cell
        [[nodiscard]] std::int64_t full_at_ns() const noexcept {
            return lease ? lease->settled_at_ns() : cell.full_at_ns();
        }
    };
    using Map = std::unordered_map<Key, Bucket, Hash, Equal>;
    struct alignas(64) Shard {
        mutable std::mutex mutex;
        Map map;
        std::size_t cursor = 0;  // of map's buckets: where the next look goes on
        std::uint64_t evictions = 0;
        TopList top;
    };
    struct Locks;

    [[nodiscard]] Shard& shard_of(std::uint64_t hash) noexcept { return shards_[hash % kShards]; }
    Bucket& bucket_of(Shard& shard, const View& key, const ActiveLimit& limit, const Moment& moment);
    void make_room(Shard& shard, std::int64_t now_ns);
    void take_all(std::span<const ActiveLimit* const> limits, const Owners& owners, std::int64_t cost,
                  const Moment& moment, std::vector<Question>& questions, Outcome& outcome);
    void refuse(std::span<const ActiveLimit* const> limits, const Owners& owners, const Moment& moment,
                std::vector<Question>& questions, By by);
    static void ask(Bucket& bucket, const ActiveLimit& limit, std::string_view key, const Moment& moment,
                    std::vector<Question>& questions);

    const SipKey key_;
    const std::size_t shard_capacity_;
    std::array<Shard, kShards> shards_;
};

}  // namespace ratelimit
