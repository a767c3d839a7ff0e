#include "redis/driver/registry.hpp"

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

Submit RedisRegistry::session_put(const store::SessionPutRequest& request, store::SessionDone done) {
    return refuse<store::SessionResult>(context_, request, std::move(done));
}

Submit RedisRegistry::session_renew(const store::SessionRenewRequest& request, store::SessionDone done) {
    return refuse<store::SessionResult>(context_, request, std::move(done));
}

Submit RedisRegistry::session_remove(const store::SessionRemoveRequest& request, store::SessionDone done) {
    return refuse<store::SessionResult>(context_, request, std::move(done));
}

Submit RedisRegistry::session_list(const store::SessionListRequest& request, store::SessionDone done) {
    return refuse<store::SessionResult>(context_, request, std::move(done));
}

Submit RedisRegistry::session_expire(const store::SessionExpireRequest& request, store::SessionDone done) {
    return refuse<store::SessionResult>(context_, request, std::move(done));
}

Submit RedisRegistry::node_put(const store::NodePutRequest& request, store::NodeDone done) {
    return refuse<store::NodeResult>(context_, request, std::move(done));
}

Submit RedisRegistry::node_remove(const store::NodeRemoveRequest& request, store::NodeDone done) {
    return refuse<store::NodeResult>(context_, request, std::move(done));
}

Submit RedisRegistry::node_list(const store::NodeListRequest& request, store::NodeDone done) {
    return refuse<store::NodeResult>(context_, request, std::move(done));
}

}  // namespace streamhost::redis
