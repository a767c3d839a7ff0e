#include "redis/driver/locks.hpp"

#include <utility>

#include "redis/driver/lua_scripts.hpp"
#include "store/validate.hpp"

namespace streamhost::redis {

using store::Status;
using store::Submit;

namespace {

template <typename Result, typename Request, typename Done>
Submit refuse(Context& context, const Request& request, Done done) {
    if (const Submit slot = context.admit(); slot != Submit::kAccepted) return slot;
    const Status shape = check(request);
    context.answer_later(shape == Status::kOk ? Status::kUnavailable : shape,
                         [done = std::move(done)](const Reply& reply) mutable {
                             Result result;
                             result.status = reply.status;
                             done(result);
                         });
    return Submit::kAccepted;
}

}  // namespace

Submit RedisLocks::lock(const store::LockRequest& request, store::LockDone done) {
    return refuse<store::LockResult>(context_, request, std::move(done));
}

Submit RedisLocks::lock_renew(const store::LockRenewRequest& request, store::LockDone done) {
    return refuse<store::LockResult>(context_, request, std::move(done));
}

Submit RedisLocks::lock_release(const store::LockReleaseRequest& request, store::LockDone done) {
    return refuse<store::LockResult>(context_, request, std::move(done));
}

void RedisLocks::end_waits() {}

}  // namespace streamhost::redis
