#pragma once

#include <string_view>

#include "redis/driver/context.hpp"
#include "redis/driver/waits.hpp"
#include "store/locks.hpp"

namespace streamhost::redis {

// Leases with rising tokens: a hash per lock, which outlives the lease by an hour. [store]
class RedisLocks final : public store::LockCommands {
public:
    explicit RedisLocks(Context& context) : context_(context), waits_(context) {}

    store::Submit lock(const store::LockRequest& request, store::LockDone done) override;
    store::Submit lock_renew(const store::LockRenewRequest& request, store::LockDone done) override;
    store::Submit lock_release(const store::LockReleaseRequest& request, store::LockDone done) override;

    // Somebody released; or anything may have been missed.
    void on_wake(std::string_view channel) { waits_.wake(channel); }
    void on_link_up() { waits_.wake_all(); }
    // Answers whoever waits with kGone, later. The store calls it when it shuts down.
    void end_waits() { waits_.end_all(); }

private:
    class Wanted;

    Context& context_;
    Waits waits_;
};

}  // namespace streamhost::redis
