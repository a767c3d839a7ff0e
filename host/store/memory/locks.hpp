#pragma once
// The locks of the memory driver.

#include <cstdint>
#include <list>
#include <string>

#include "store/locks.hpp"
#include "store/memory/core.hpp"
#include "store/memory/swept_map.hpp"

namespace streamhost::store::memory {

struct LockAnswer {
    LockResult result;
    std::string holder;
    const LockResult& view() {
        result.holder = holder;
        return result;
    }
};

/// [store]
class MemoryLocks final : public LockCommands {
public:
    explicit MemoryLocks(Core& core) : core_(core) {}

    Submit lock(const LockRequest& request, LockDone done) override;
    Submit lock_renew(const LockRenewRequest& request, LockDone done) override;
    Submit lock_release(const LockReleaseRequest& request, LockDone done) override;

    /// Hands lapsed locks on, answers waits whose time is over.
    void end_waits(Waits which);
    void sweep(std::size_t items);

private:
    struct Waiter {
        std::string owner;
        std::uint32_t lease_ms;
        std::int64_t deadline_ms;
        LockDone done;
    };
    struct Lock {
        std::uint64_t token = 0;
        std::string owner;
        std::int64_t end_ms = 0;  ///< held while later than now
        std::list<Waiter> waiters;
    };

    [[nodiscard]] bool held(const Lock& lock) const { return lock.end_ms > core_.now(); }
    LockAnswer grant(Lock& lock, std::string_view owner, std::uint32_t lease_ms);
    [[nodiscard]] LockAnswer refusal(const Lock& lock, Status status) const;
    LockAnswer release_now(const LockReleaseRequest& request);
    void hand_on(Lock& lock);
    void end_waits_of(Lock& lock, Waits which, std::int64_t& next_ms);

    Core& core_;
    SweptMap<Lock> locks_;
    std::size_t waits_ = 0;
};

}  // namespace streamhost::store::memory
