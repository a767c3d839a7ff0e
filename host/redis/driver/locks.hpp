#pragma once

#include "redis/driver/context.hpp"
#include "store/locks.hpp"

namespace streamhost::redis {

// Leases with rising tokens. [store]
class RedisLocks final : public store::LockCommands {
public:
    explicit RedisLocks(Context& context) : context_(context) {}

    store::Submit lock(const store::LockRequest& request, store::LockDone done) override;
    store::Submit lock_renew(const store::LockRenewRequest& request, store::LockDone done) override;
    store::Submit lock_release(const store::LockReleaseRequest& request, store::LockDone done) override;

    // Answers whoever waits with kGone, later. The store calls it when it shuts down.
    void end_waits();

private:
    Context& context_;
};

}  // namespace streamhost::redis
