#pragma once
// A lease can always lapse under a holder that was paused, so a lock alone protects nothing. Each grant
// therefore has a token that rises per name, for ever; what must be safe compares tokens, and the lock only
// saves work.
//
// Holders count their lease from the moment they *sent* the request, on the monotonic clock, minus 10 % + 50
// ms, and renew at a third. (Kleppmann, "How to do distributed locking", 2016; Gray and Cheriton, "Leases",
// SOSP 1989.)

#include <cstdint>
#include <string_view>

#include "streamhost/unique_function.hpp"

#include "store/status.hpp"
#include "store/streams.hpp"

namespace streamhost::store {

/// kOk (token) · kHeld (left_ms, holder) once `wait_ms` is over. The holder itself again: kOk with the same
/// token and a new lease. Waiters are woken by release and by lapse; one gets it, which one is the store's
/// choice.
struct LockRequest {
    std::string_view name = {};
    std::string_view owner = {};                   ///< Who asks, unique per attempt to hold: 1 .. 256 bytes.
    std::uint32_t lease_ms = 0;                    ///< 1 .. 1 h
    std::uint32_t wait_ms = 0;                     ///< 0 .. 60 s
    std::uint32_t timeout_ms = kDefaultTimeoutMs;  ///< On top of the wait.
};

/// kOk · kFenced: not (any more) held under this token; stop.
struct LockRenewRequest {
    std::string_view name = {};
    std::uint64_t token = 0;
    std::uint32_t lease_ms = 0;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// kOk · kDuplicate: already free, and this was the last token · kFenced: another has it, or had it.
struct LockReleaseRequest {
    std::string_view name = {};
    std::uint64_t token = 0;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct LockResult {
    Status status = Status::kGone;
    std::uint64_t token = 0;
    std::int64_t left_ms = 0;
    std::string_view holder = {};
};
using LockDone = UniqueFunction<void(const LockResult&)>;

/// [store]
class LockCommands {
public:
    virtual ~LockCommands() = default;

    [[nodiscard]] virtual Submit lock(const LockRequest& request, LockDone done) = 0;
    [[nodiscard]] virtual Submit lock_renew(const LockRenewRequest& request, LockDone done) = 0;
    [[nodiscard]] virtual Submit lock_release(const LockReleaseRequest& request, LockDone done) = 0;
};

}  // namespace streamhost::store
