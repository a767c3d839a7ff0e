#pragma once
// The embedded store: everything in this process, nothing kept over a restart. For one node, for tests, and
// as the yardstick of the other drivers: its semantics are theirs.

#include <cstdint>
#include <memory>

#include "store/limits.hpp"
#include "store/store.hpp"
#include "store/store_loop.hpp"

namespace streamhost::store::memory {

/// What happens to a write over the bound, once what has expired is gone.
enum class WhenFull : std::uint8_t {
    kRefuse = 1,     ///< kExhausted, as a Redis with noeviction. Ends of runs still fit.
    kDropEnded = 2,  ///< Ended runs go before their time, oldest first; kExhausted if that is not enough.
};

struct MemoryOptions {
    Limits limits;
    std::uint64_t max_bytes = std::uint64_t{1} << 30;  ///< estimated, everything together
    WhenFull when_full = WhenFull::kRefuse;
    std::int64_t sweep_every_ms = 250;
    std::uint32_t sweep_items = 500;  ///< looked at per sweep: what bounds its time
};

/// `loop` and `sink` outlive the store. [store]
[[nodiscard]] std::unique_ptr<Store> make_memory_store(const MemoryOptions& options, StoreLoop& loop,
                                                       LiveSink& sink);

}  // namespace streamhost::store::memory
