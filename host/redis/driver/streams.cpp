#include "redis/driver/streams.hpp"

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

Submit RedisStreams::claim(const store::ClaimRequest& request, store::StreamDone done) {
    return refuse<store::StreamResult>(context_, request, std::move(done));
}

Submit RedisStreams::append(const store::AppendRequest& request, store::StreamDone done) {
    return refuse<store::StreamResult>(context_, request, std::move(done));
}

Submit RedisStreams::renew(const store::RenewRequest& request, store::StreamDone done) {
    return refuse<store::StreamResult>(context_, request, std::move(done));
}

Submit RedisStreams::publish(const store::PublishRequest& request, store::PublishDone done) {
    return refuse<store::PublishResult>(context_, request, std::move(done));
}

Submit RedisStreams::send(const store::SendRequest& request, store::PublishDone done) {
    return refuse<store::PublishResult>(context_, request, std::move(done));
}

Submit RedisStreams::finish(const store::FinishRequest& request, store::StreamDone done) {
    return refuse<store::StreamResult>(context_, request, std::move(done));
}

Submit RedisStreams::read(const store::ReadRequest& request, store::ReadDone done) {
    return refuse<store::ReadResult>(context_, request, std::move(done));
}

Submit RedisStreams::tail(const store::TailRequest& request, store::StreamListDone done) {
    return refuse<store::StreamListResult>(context_, request, std::move(done));
}

Submit RedisStreams::runs(const store::RunsRequest& request, store::StreamListDone done) {
    return refuse<store::StreamListResult>(context_, request, std::move(done));
}

void RedisStreams::on_message(std::string_view) {}

}  // namespace streamhost::redis
