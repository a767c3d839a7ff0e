#include "redis/driver/jobs.hpp"

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

Submit RedisJobs::open_put(const store::OpenPutRequest& request, store::OpenDone done) {
    return refuse<store::OpenResult>(context_, request, std::move(done));
}

Submit RedisJobs::open_take(const store::OpenTakeRequest& request, store::OpenDone done) {
    return refuse<store::OpenResult>(context_, request, std::move(done));
}

Submit RedisJobs::open_remove(const store::OpenRemoveRequest& request, store::OpenDone done) {
    return refuse<store::OpenResult>(context_, request, std::move(done));
}

Submit RedisJobs::push(const store::PushRequest& request, store::QueueDone done) {
    return refuse<store::QueueResult>(context_, request, std::move(done));
}

Submit RedisJobs::take(const store::TakeRequest& request, store::QueueDone done) {
    return refuse<store::QueueResult>(context_, request, std::move(done));
}

Submit RedisJobs::ack(const store::AckRequest& request, store::QueueDone done) {
    return refuse<store::QueueResult>(context_, request, std::move(done));
}

Submit RedisJobs::depth(const store::DepthRequest& request, store::QueueDone done) {
    return refuse<store::QueueResult>(context_, request, std::move(done));
}

void RedisJobs::end_waits() {}

}  // namespace streamhost::redis
