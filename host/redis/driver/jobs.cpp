#include "redis/driver/jobs.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "redis/driver/answer.hpp"
#include "redis/driver/lua_scripts.hpp"
#include "store/validate.hpp"

namespace streamhost::redis {

using store::Status;
using store::Submit;

namespace {

// How long an acknowledged, empty queue is remembered: its ids are made of the time, and may not come again
// when a clock is set back.
constexpr std::int64_t kEmptyQueueMs = 3'600'000;
// How long the server knows what a take was given, for its repeat.
constexpr std::int64_t kRememberMs = 10'000;
// A waiting take asks again after this, in case that a wake-up was lost.
constexpr std::int64_t kAskEveryMs[] = {200, 500};
// Whether claims are made at once by now.
constexpr std::int64_t kUnsettledMs = 100;

ReplyDone open_reply(Context& context, std::string_view command, store::OpenDone done) {
    return [&context, command, done = std::move(done)](const Reply& reply) mutable {
        Answer answer(context, command, reply);
        store::OpenResult result{.status = answer.status(), .size = answer.count()};
        std::vector<std::string_view> members(answer.left());
        for (std::string_view& member : members)
            member = answer.text();
        result.members = members;
        done(result);
    };
}

std::vector<store::Job> jobs_of(Answer& answer) {
    std::vector<store::Job> jobs(answer.left() / 3);
    for (store::Job& job : jobs) {
        job.id = answer.text();
        job.payload = answer.text();
        job.deliveries = static_cast<std::uint32_t>(answer.number());
    }
    return jobs;
}

}  // namespace

Submit RedisJobs::open_put(const store::OpenPutRequest& request, store::OpenDone done) {
    const std::string shard = context_.keys().open_runs(request.shard);
    return context_.run(
        check(request), {.order = shard, .timeout_ms = request.timeout_ms},
        [&] { return Call(lua::kOpenPut).key(shard).arg(request.member).arg(request.due_in_ms); },
        open_reply(context_, "open_put", std::move(done)));
}

Submit RedisJobs::open_take(const store::OpenTakeRequest& request, store::OpenDone done) {
    const std::string shard = context_.keys().open_runs(request.shard);
    return context_.run(
        check(request), {.order = shard, .timeout_ms = request.timeout_ms},
        [&] { return Call(lua::kOpenTake).key(shard).arg(request.ahead_ms).arg(request.max); },
        open_reply(context_, "open_take", std::move(done)));
}

Submit RedisJobs::open_remove(const store::OpenRemoveRequest& request, store::OpenDone done) {
    const std::string shard = context_.keys().open_runs(request.shard);
    return context_.run(
        check(request), {.order = shard, .timeout_ms = request.timeout_ms},
        [&] { return Call(lua::kOpenRemove).key(shard).arg(request.member); },
        open_reply(context_, "open_remove", std::move(done)));
}

Submit RedisJobs::push(const store::PushRequest& request, store::QueueDone done) {
    const std::string queue = context_.keys().queue(request.queue);
    return context_.run(
        check(request), {.order = queue, .timeout_ms = request.timeout_ms},
        [&] {
            return Call(lua::kJobPush)
                .key(queue)
                .key(context_.keys().wake_of_queue(request.queue))
                .arg(request.payload)
                .arg(context_.limits().queue_jobs);
        },
        [this, done = std::move(done)](const Reply& reply) mutable {
            Answer answer(context_, "job_push", reply);
            done({.status = answer.status(), .id = answer.text()});
        });
}

// A take, from its first question to its answer. Its name on the server stays the same, so that what it was
// given is given again when the answer was lost.
class RedisJobs::Take final : public Waiter, public std::enable_shared_from_this<Take> {
public:
    Take(RedisJobs& jobs, const store::TakeRequest& request, store::QueueDone done)
        : Waiter(jobs.context_.loop().now_ms() + request.wait_ms),
          jobs_(jobs),
          queue_(jobs.context_.keys().queue(request.queue)),
          channel_(jobs.context_.keys().wake_of_queue(request.queue)),
          answer_(jobs.context_.keys().plain("jobs-answer:", jobs.nonces_.next())),
          taken_(jobs.context_.keys().plain("jobs-taken:", request.queue)),
          consumer_(request.consumer),
          max_(request.max),
          idle_ms_(request.idle_ms),
          may_wait_(request.wait_ms > 0),
          done_(std::move(done)) {}

    Submit start() {
        const std::uint64_t wakes = jobs_.waits_.wakes(channel_);
        if (!jobs_.streams_.is_settled()) return leave_to_others(wakes);
        return send([self = shared_from_this(), wakes](const Reply& reply) {
            if (reply.status != Status::kOk) return self->answer({.status = reply.status});
            const Asked asked = self->take(reply);
            if (asked.is_done) return;
            if (!self->may_wait_) return self->answer({.status = Status::kTimeout});
            self->jobs_.waits_.join(self->channel_, self, wakes, asked);
        });
    }

    Submit ask(UniqueFunction<void(const Asked&)> then) override {
        if (!jobs_.streams_.is_settled()) return Submit::kBusy;
        return send([self = shared_from_this(), then = std::move(then)](const Reply& reply) mutable {
            then(self->take(reply));
        });
    }

    void expire(const Asked&) override { answer({.status = Status::kTimeout}); }

    void end() override {
        jobs_.context_.answer_later(Status::kGone, [self = shared_from_this()](const Reply& reply) {
            self->done_({.status = reply.status});
        });
    }

private:
    Submit leave_to_others(std::uint64_t wakes) {
        if (may_wait_)
            jobs_.waits_.join(channel_, shared_from_this(), wakes, {.again_in_ms = kUnsettledMs});
        else
            jobs_.context_.answer_later(Status::kTimeout, [self = shared_from_this()](const Reply& reply) {
                self->done_({.status = reply.status});
            });
        return Submit::kAccepted;
    }

    Submit send(ReplyDone done) {
        Call call(lua::kJobTake);
        call.key(queue_).key(answer_).key(taken_).arg(consumer_).arg(max_).arg(idle_ms_).arg(kRememberMs);
        return jobs_.context_.send({.order = queue_, .timeout_ms = store::kDefaultTimeoutMs}, std::move(call),
                                   std::move(done));
    }

    // Whatever went wrong, the next question tells more.
    Asked take(const Reply& reply) {
        Answer said(jobs_.context_, "job_take", reply);
        const std::vector<store::Job> taken = jobs_of(said);
        if (taken.empty()) return {.again_in_ms = jobs_.waits_.jitter_ms(kAskEveryMs[0], kAskEveryMs[1])};
        answer({.status = Status::kOk, .jobs = taken});
        return {.is_done = true};
    }

    void answer(const store::QueueResult& result) {
        jobs_.context_.release();
        done_(result);
    }

    RedisJobs& jobs_;
    const std::string queue_;
    const std::string channel_;
    const std::string answer_;
    const std::string taken_;
    const std::string consumer_;
    const std::uint32_t max_;
    const std::uint32_t idle_ms_;
    const bool may_wait_;
    store::QueueDone done_;
};

Submit RedisJobs::take(const store::TakeRequest& request, store::QueueDone done) {
    if (const Submit slot = context_.admit(); slot != Submit::kAccepted) return slot;
    if (const Status shape = check(request); shape != Status::kOk) {
        context_.answer_later(
            shape, [done = std::move(done)](const Reply& reply) mutable { done({.status = reply.status}); });
        return Submit::kAccepted;
    }
    const Submit submit = std::make_shared<Take>(*this, request, std::move(done))->start();
    return submit == Submit::kAccepted ? submit : context_.refuse(submit);
}

Submit RedisJobs::ack(const store::AckRequest& request, store::QueueDone done) {
    const std::string queue = context_.keys().queue(request.queue);
    return context_.run(
        check(request), {.order = queue, .timeout_ms = request.timeout_ms},
        [&] {
            Call call(lua::kJobAck);
            call.key(queue).key(context_.keys().plain("jobs-taken:", request.queue)).arg(kEmptyQueueMs);
            for (const std::string_view job : request.jobs)
                call.arg(job);
            return call;
        },
        [this, done = std::move(done)](const Reply& reply) mutable {
            Answer answer(context_, "job_ack", reply);
            done({.status = answer.status(), .count = answer.count()});
        });
}

Submit RedisJobs::depth(const store::DepthRequest& request, store::QueueDone done) {
    const std::string queue = context_.keys().queue(request.queue);
    return context_.run(
        check(request), {.order = queue, .timeout_ms = request.timeout_ms},
        [&] { return Call(lua::kJobDepth).key(queue); },
        [this, done = std::move(done)](const Reply& reply) mutable {
            Answer answer(context_, "job_depth", reply);
            const Status status = answer.status();
            const std::uint64_t waiting = answer.count();
            done({.status = status, .waiting = waiting, .pending = answer.count()});
        });
}

}  // namespace streamhost::redis
