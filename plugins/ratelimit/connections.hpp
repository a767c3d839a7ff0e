// How many connections an address, a user and this node hold. Exact: what enter() counted, leave() takes
// back, also under other limits. [any], nothing blocks: parts with a mutex each, held for a look-up.
//
// Bounded by max_owners. Over it an owner that has a limit is refused as if it were reached; one without a
// limit is let in uncounted.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "limit.hpp"
#include "siphash.hpp"

namespace ratelimit {

class Connections {
public:
    static constexpr std::size_t kShards = 64;

    Connections(std::uint32_t max_owners, const SipKey& key)
        : max_per_shard_(max_owners / kShards + 1), key_(key) {}

    // Either may be empty; the node counts a connection with its address. What is exempt is counted, never
    // refused. Nothing: it counts from now on. Else whose limit is reached.
    [[nodiscard]] std::optional<By> enter(std::string_view address, std::string_view user,
                                          const ConnectionLimits& limits, bool is_exempt);
    void leave(std::string_view address, std::string_view user);

    [[nodiscard]] std::uint64_t count() const noexcept { return node_.load(std::memory_order_relaxed); }

private:
    struct TextHash {
        using is_transparent = void;
        SipKey key;
        std::size_t operator()(std::string_view text) const noexcept {
            return static_cast<std::size_t>(siphash(key, text));
        }
    };
    using Map = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;
    struct alignas(64) Shard {
        std::mutex mutex;
        std::optional<Map> map;
    };
    // True: counted, or let in uncounted.
    [[nodiscard]] bool add(std::string_view owner, std::uint32_t limit, bool is_exempt);
    void remove(std::string_view owner);
    Shard& shard_of(std::string_view owner);

    const std::size_t max_per_shard_;
    const SipKey key_;
    std::atomic<std::uint64_t> node_ = 0;
    std::array<Shard, kShards> shards_;
};

}  // namespace ratelimit
