#include "store/memory/locks.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/validate.hpp"

namespace streamhost::store::memory {
namespace {

std::uint64_t lock_bytes(std::string_view name) noexcept { return 256 + name.size(); }

}  // namespace

// Time is the floor of a token, so that a name which was forgotten, or a counter lost in a failover, cannot
// repeat one.
LockAnswer MemoryLocks::grant(Lock& lock, std::string_view owner, std::uint32_t lease_ms) {
    const std::int64_t now = core_.now();
    if (!held(lock) || lock.owner != owner)
        lock.token = std::max(lock.token + 1, static_cast<std::uint64_t>(now));
    lock.owner = owner;
    lock.end_ms = now + lease_ms;
    return {{Status::kOk, lock.token, lease_ms, {}}, lock.owner};
}

LockAnswer MemoryLocks::refusal(const Lock& lock, Status status) const {
    const std::int64_t left = std::max<std::int64_t>(0, lock.end_ms - core_.now());
    return {{status, 0, left, {}}, left > 0 ? lock.owner : std::string()};
}

Submit MemoryLocks::lock(const LockRequest& request, LockDone done) {
    if (const Submit slot = core_.admit(); slot != Submit::kAccepted) return slot;
    LockAnswer answer;
    answer.result.status = check(request);
    Lock* lock = answer.result.status == Status::kOk ? locks_.find(request.name) : nullptr;
    if (answer.result.status == Status::kOk && !lock) {
        if (core_.account.fits(lock_bytes(request.name))) {
            lock = &locks_.at(request.name).second;
            core_.account.add(lock_bytes(request.name));
        } else {
            answer.result.status = Status::kExhausted;
        }
    }
    if (lock) {
        if (!held(*lock) || lock->owner == request.owner) {
            answer = grant(*lock, request.owner, request.lease_ms);
        } else if (request.wait_ms == 0) {
            answer = refusal(*lock, Status::kHeld);
        } else {
            const std::int64_t deadline = core_.now() + request.wait_ms;
            lock->waiters.push_back(
                {std::string(request.owner), request.lease_ms, deadline, std::move(done)});
            ++waits_;
            core_.wake_at(std::min(deadline, lock->end_ms));
            return Submit::kAccepted;
        }
    }
    core_.reply(std::move(answer), std::move(done));
    return Submit::kAccepted;
}

Submit MemoryLocks::lock_renew(const LockRenewRequest& request, LockDone done) {
    return core_.run<LockAnswer>(check(request), std::move(done), [&]() -> LockAnswer {
        Lock* lock = locks_.find(request.name);
        if (!lock) return {{Status::kFenced, 0, 0, {}}, {}};
        if (!held(*lock) || lock->token != request.token) return refusal(*lock, Status::kFenced);
        return grant(*lock, std::string(lock->owner), request.lease_ms);
    });
}

Submit MemoryLocks::lock_release(const LockReleaseRequest& request, LockDone done) {
    return core_.run<LockAnswer>(check(request), std::move(done), [&] { return release_now(request); });
}

LockAnswer MemoryLocks::release_now(const LockReleaseRequest& request) {
    Lock* lock = locks_.find(request.name);
    if (!lock) return {{Status::kFenced, 0, 0, {}}, {}};
    if (lock->token != request.token) return refusal(*lock, Status::kFenced);
    if (!held(*lock)) return {{Status::kDuplicate, lock->token, 0, {}}, {}};
    lock->end_ms = 0;
    hand_on(*lock);
    return {{Status::kOk, request.token, 0, {}}, {}};
}

void MemoryLocks::hand_on(Lock& lock) {
    if (held(lock) || lock.waiters.empty()) return;
    Waiter next = std::move(lock.waiters.front());
    lock.waiters.pop_front();
    --waits_;
    core_.reply(grant(lock, next.owner, next.lease_ms), std::move(next.done));
    if (!lock.waiters.empty()) core_.wake_at(lock.end_ms);
}

void MemoryLocks::end_waits(Waits which) {
    if (waits_ == 0) return;
    std::int64_t next = std::numeric_limits<std::int64_t>::max();
    locks_.for_each([&](const std::string&, Lock& lock) { end_waits_of(lock, which, next); });
    if (waits_ > 0) core_.wake_at(next);
}

void MemoryLocks::end_waits_of(Lock& lock, Waits which, std::int64_t& next_ms) {
    // Deadlines first: who has given up must not be handed the lock.
    for (auto at = lock.waiters.begin(); at != lock.waiters.end();) {
        if (which == Waits::kDue && at->deadline_ms > core_.now()) {
            next_ms = std::min(next_ms, at->deadline_ms);
            ++at;
            continue;
        }
        core_.reply(refusal(lock, which == Waits::kDue ? Status::kHeld : Status::kGone), std::move(at->done));
        at = lock.waiters.erase(at);
        --waits_;
    }
    hand_on(lock);
    if (!lock.waiters.empty()) next_ms = std::min(next_ms, lock.end_ms);
}

void MemoryLocks::sweep(std::size_t items) {
    const auto idle = [this](const std::string&, const Lock& lock) {
        return !held(lock) && lock.waiters.empty() && lock.token < static_cast<std::uint64_t>(core_.now());
    };
    for (const std::string& name : locks_.sweep(items, idle)) {
        core_.account.remove(lock_bytes(name));
        locks_.erase(name);
    }
}

}  // namespace streamhost::store::memory
