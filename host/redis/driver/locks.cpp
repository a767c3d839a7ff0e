#include "redis/driver/locks.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "redis/driver/answer.hpp"
#include "redis/driver/lua_scripts.hpp"
#include "store/validate.hpp"

namespace streamhost::redis {

using store::Status;
using store::Submit;

namespace {

// A lapse publishes nothing, so those who wait ask again when the lease is over: soon after, not all at once.
constexpr std::int64_t kAfterLapseMs[] = {2, 20};
// And at the latest after this, in case that the message of a release was lost.
constexpr std::int64_t kAtLatestMs[] = {500, 1000};
// After a question without an answer.
constexpr std::int64_t kAfterTroubleMs[] = {100, 300};

store::LockResult lock_result(Answer& answer) {
    store::LockResult result{.status = answer.status()};
    result.token = answer.count();
    result.left_ms = answer.number();
    result.holder = answer.text();
    return result;
}

ReplyDone lock_reply(Context& context, std::string_view command, store::LockDone done) {
    return [&context, command, done = std::move(done)](const Reply& reply) mutable {
        Answer answer(context, command, reply);
        done(lock_result(answer));
    };
}

}  // namespace

// A request for a lock, from its first question to its answer.
class RedisLocks::Wanted final : public Waiter, public std::enable_shared_from_this<Wanted> {
public:
    Wanted(RedisLocks& locks, const store::LockRequest& request, store::LockDone done)
        : Waiter(locks.context_.loop().now_ms() + request.wait_ms),
          locks_(locks),
          lock_(locks.context_.keys().lock(request.name)),
          channel_(locks.context_.keys().wake_of_lock(request.name)),
          owner_(request.owner),
          lease_ms_(request.lease_ms),
          timeout_ms_(request.timeout_ms),
          may_wait_(request.wait_ms > 0),
          done_(std::move(done)) {}

    Submit start() {
        const std::uint64_t wakes = locks_.waits_.wakes(channel_);
        return send([self = shared_from_this(), wakes](const Reply& reply) {
            Answer said(self->locks_.context_, "lock", reply);
            const store::LockResult result = lock_result(said);
            if (result.status != Status::kHeld || !self->may_wait_) return self->answer(result);
            self->locks_.waits_.join(self->channel_, self, wakes, self->held(result));
        });
    }

    Submit ask(UniqueFunction<void(const Asked&)> then) override {
        return send([self = shared_from_this(), then = std::move(then)](const Reply& reply) mutable {
            then(self->take(reply));
        });
    }

    void expire(const Asked& last) override {
        if (is_unknown_) return answer({.status = Status::kTimeout});
        const std::int64_t left = last.lapse_ms - locks_.context_.loop().now_ms();
        answer({.status = Status::kHeld, .left_ms = std::max<std::int64_t>(0, left), .holder = last.holder});
    }

    void end() override {
        locks_.context_.answer_later(Status::kGone, [self = shared_from_this()](const Reply& reply) {
            self->done_({.status = reply.status});
        });
    }

private:
    Submit send(ReplyDone done) {
        Call call(lua::kLock);
        call.key(lock_).arg(owner_).arg(lease_ms_);
        return locks_.context_.send({.order = lock_, .timeout_ms = timeout_ms_}, std::move(call),
                                    std::move(done));
    }

    Asked take(const Reply& reply) {
        Answer said(locks_.context_, "lock", reply);
        const store::LockResult result = lock_result(said);
        // Without an answer it may be held by now; the next question finds that out.
        is_unknown_ = result.status == Status::kTimeout;
        if (result.status == Status::kHeld) return held(result);
        if (result.status != Status::kOk)
            return {.again_in_ms = locks_.waits_.jitter_ms(kAfterTroubleMs[0], kAfterTroubleMs[1])};
        const std::int64_t again_in_ms = until_next(lease_ms_);
        answer(result);
        return {.is_done = true, .again_in_ms = again_in_ms};
    }

    [[nodiscard]] Asked held(const store::LockResult& result) {
        return {.again_in_ms = until_next(result.left_ms),
                .holder = std::string(result.holder),
                .lapse_ms = locks_.context_.loop().now_ms() + result.left_ms};
    }

    [[nodiscard]] std::int64_t until_next(std::int64_t left_ms) {
        return std::min(left_ms + locks_.waits_.jitter_ms(kAfterLapseMs[0], kAfterLapseMs[1]),
                        locks_.waits_.jitter_ms(kAtLatestMs[0], kAtLatestMs[1]));
    }

    void answer(const store::LockResult& result) {
        locks_.context_.release();
        done_(result);
    }

    RedisLocks& locks_;
    const std::string lock_;
    const std::string channel_;
    const std::string owner_;
    const std::uint32_t lease_ms_;
    const std::uint32_t timeout_ms_;
    const bool may_wait_;
    bool is_unknown_ = false;
    store::LockDone done_;
};

Submit RedisLocks::lock(const store::LockRequest& request, store::LockDone done) {
    if (const Submit slot = context_.admit(); slot != Submit::kAccepted) return slot;
    if (const Status shape = check(request); shape != Status::kOk) {
        context_.answer_later(
            shape, [done = std::move(done)](const Reply& reply) mutable { done({.status = reply.status}); });
        return Submit::kAccepted;
    }
    const Submit submit = std::make_shared<Wanted>(*this, request, std::move(done))->start();
    return submit == Submit::kAccepted ? submit : context_.refuse(submit);
}

Submit RedisLocks::lock_renew(const store::LockRenewRequest& request, store::LockDone done) {
    const std::string lock = context_.keys().lock(request.name);
    return context_.run(
        check(request), {.order = lock, .timeout_ms = request.timeout_ms},
        [&] { return Call(lua::kLockRenew).key(lock).arg(request.token).arg(request.lease_ms); },
        lock_reply(context_, "lock_renew", std::move(done)));
}

Submit RedisLocks::lock_release(const store::LockReleaseRequest& request, store::LockDone done) {
    const std::string lock = context_.keys().lock(request.name);
    return context_.run(
        check(request), {.order = lock, .timeout_ms = request.timeout_ms},
        [&] {
            return Call(lua::kLockRelease)
                .key(lock)
                .key(context_.keys().wake_of_lock(request.name))
                .arg(request.token);
        },
        lock_reply(context_, "lock_release", std::move(done)));
}

}  // namespace streamhost::redis
