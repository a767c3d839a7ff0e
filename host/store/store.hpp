#pragma once
// The one door to what outlives a node. Everything above it must work the same over a hash table in this
// process and over a Redis that fails over in the middle of a write; so the commands are few, atomic,
// repeatable, and tell exactly what the caller may conclude.
//
// For every command:
// - Called on the store loop only, answered there exactly once, never inside the call. [store]
// - The call answers kAccepted, or kBusy / kGone and then the completion never runs.
// - It has a deadline (`timeout_ms`, at least 1): kTimeout says nothing about its effect, and a repeat has
// the effect of one
//   (exceptions are named where they are). shutdown() answers what is open with kGone.
// - Commands of one caller on one stream take effect in the order of the calls.
// - Nothing throws across this interface.
//
// Times: the caller gives durations, the store counts them on its own clock. Names may hold any UTF-8 but
// control characters, '{', '}'.

#include <cstdint>

#include "store/channels.hpp"
#include "store/jobs.hpp"
#include "store/keys.hpp"
#include "store/locks.hpp"
#include "store/registry.hpp"
#include "store/streams.hpp"

namespace streamhost::store {

struct StoreStats {
    std::uint64_t in_flight = 0;  ///< waits included
    std::uint64_t streams = 0;    ///< Known to this process.
    std::uint64_t bytes = 0;      ///< Held by this process, estimated.
    std::uint64_t subscriptions = 0;
    std::uint64_t refused = 0;  ///< kBusy and kExhausted answers so far
};

/// A driver. [store], all of it.
class Store {
public:
    virtual ~Store() = default;

    virtual StreamCommands& streams() noexcept = 0;
    virtual JobCommands& jobs() noexcept = 0;
    virtual RegistryCommands& registry() noexcept = 0;
    virtual LockCommands& locks() noexcept = 0;
    virtual KeyCommands& keys() noexcept = 0;
    virtual ChannelCommands& channels() noexcept = 0;

    /// Takes no more commands and answers the open ones; `stats().in_flight` is 0 when all were. Live
    /// delivery stops at once. A store may be destroyed once that is so.
    virtual void shutdown() = 0;

    [[nodiscard]] virtual StoreStats stats() const noexcept = 0;
};

}  // namespace streamhost::store
