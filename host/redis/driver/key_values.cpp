#include "redis/driver/key_values.hpp"

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

Submit RedisKeyValues::key_get(const store::KeyGetRequest& request, store::KeyDone done) {
    return refuse<store::KeyResult>(context_, request, std::move(done));
}

Submit RedisKeyValues::key_set(const store::KeySetRequest& request, store::KeyDone done) {
    return refuse<store::KeyResult>(context_, request, std::move(done));
}

Submit RedisKeyValues::key_remove(const store::KeyRemoveRequest& request, store::KeyDone done) {
    return refuse<store::KeyResult>(context_, request, std::move(done));
}

Submit RedisKeyValues::history_push(const store::HistoryPushRequest& request, store::HistoryDone done) {
    return refuse<store::HistoryResult>(context_, request, std::move(done));
}

Submit RedisKeyValues::history_list(const store::HistoryListRequest& request, store::HistoryDone done) {
    return refuse<store::HistoryResult>(context_, request, std::move(done));
}

Submit RedisKeyValues::history_clear(const store::HistoryClearRequest& request, store::HistoryDone done) {
    return refuse<store::HistoryResult>(context_, request, std::move(done));
}

}  // namespace streamhost::redis
