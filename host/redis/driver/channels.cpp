#include "redis/driver/channels.hpp"

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

Submit RedisChannels::subscribe(const store::HomeRequest& request, store::ChannelDone done) {
    return refuse<store::ChannelResult>(context_, request, std::move(done));
}

Submit RedisChannels::unsubscribe(const store::HomeRequest& request, store::ChannelDone done) {
    return refuse<store::ChannelResult>(context_, request, std::move(done));
}

Submit RedisChannels::topic_publish(const store::TopicPublishRequest& request, store::ChannelDone done) {
    return refuse<store::ChannelResult>(context_, request, std::move(done));
}

Submit RedisChannels::topic_subscribe(const store::TopicRequest& request, store::ChannelDone done) {
    return refuse<store::ChannelResult>(context_, request, std::move(done));
}

Submit RedisChannels::topic_unsubscribe(const store::TopicRequest& request, store::ChannelDone done) {
    return refuse<store::ChannelResult>(context_, request, std::move(done));
}

Submit RedisChannels::pattern_subscribe(const store::TopicRequest& request, store::ChannelDone done) {
    return refuse<store::ChannelResult>(context_, request, std::move(done));
}

Submit RedisChannels::pattern_unsubscribe(const store::TopicRequest& request, store::ChannelDone done) {
    return refuse<store::ChannelResult>(context_, request, std::move(done));
}

void RedisChannels::on_message(std::string_view, std::string_view, std::string_view) {}

}  // namespace streamhost::redis
