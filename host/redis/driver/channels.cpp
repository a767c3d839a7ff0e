#include "redis/driver/channels.hpp"

#include <utility>

#include "redis/command.hpp"
#include "store/buffer.hpp"
#include "store/validate.hpp"

namespace streamhost::redis {

using store::Status;
using store::Submit;

namespace {

// A pattern that matches this text only.
std::string quoted(std::string_view text) {
    std::string pattern;
    for (const char c : text) {
        if (std::string_view("*?[]^-\\").find(c) != std::string_view::npos) pattern += '\\';
        pattern += c;
    }
    return pattern;
}

ReplyDone listen_reply(store::ChannelDone done) {
    return [done = std::move(done)](const Reply& reply) mutable { done({.status = reply.status}); };
}

}  // namespace

RedisChannels::RedisChannels(Context& context)
    : context_(context), before_pattern_(quoted(context.keys().topic({}))) {}

Submit RedisChannels::listen(Status shape, ListenTo kind, const std::string& name, std::uint32_t timeout_ms,
                             store::ChannelDone done) {
    return context_.run_on_port(
        shape, "listen",
        [&](CallDone answer) { return context_.port().listen(kind, name, timeout_ms, std::move(answer)); },
        listen_reply(std::move(done)));
}

Submit RedisChannels::unlisten(Status shape, ListenTo kind, const std::string& name, std::uint32_t timeout_ms,
                               store::ChannelDone done) {
    return context_.run_on_port(
        shape, "unlisten",
        [&](CallDone answer) { return context_.port().unlisten(kind, name, timeout_ms, std::move(answer)); },
        listen_reply(std::move(done)));
}

Submit RedisChannels::subscribe(const store::HomeRequest& request, store::ChannelDone done) {
    return listen(check(request), ListenTo::kChannel, context_.keys().channel(request.home),
                  request.timeout_ms, std::move(done));
}

Submit RedisChannels::unsubscribe(const store::HomeRequest& request, store::ChannelDone done) {
    return unlisten(check(request), ListenTo::kChannel, context_.keys().channel(request.home),
                    request.timeout_ms, std::move(done));
}

Submit RedisChannels::topic_subscribe(const store::TopicRequest& request, store::ChannelDone done) {
    return listen(check(request), ListenTo::kChannel, context_.keys().topic(request.topic),
                  request.timeout_ms, std::move(done));
}

Submit RedisChannels::topic_unsubscribe(const store::TopicRequest& request, store::ChannelDone done) {
    return unlisten(check(request), ListenTo::kChannel, context_.keys().topic(request.topic),
                    request.timeout_ms, std::move(done));
}

Submit RedisChannels::pattern_subscribe(const store::TopicRequest& request, store::ChannelDone done) {
    return listen(check(request), ListenTo::kPattern, before_pattern_ + std::string(request.topic),
                  request.timeout_ms, std::move(done));
}

Submit RedisChannels::pattern_unsubscribe(const store::TopicRequest& request, store::ChannelDone done) {
    return unlisten(check(request), ListenTo::kPattern, before_pattern_ + std::string(request.topic),
                    request.timeout_ms, std::move(done));
}

Submit RedisChannels::topic_publish(const store::TopicPublishRequest& request, store::ChannelDone done) {
    const std::string channel = context_.keys().topic(request.topic);
    return context_.run_on_port(
        check(request), "publish",
        [&](CallDone answer) {
            std::string command;
            write_command(command, "PUBLISH", channel, request.payload.view());
            return context_.port().call(channel, std::move(command), request.timeout_ms, std::move(answer));
        },
        [done = std::move(done)](const Reply& reply) mutable {
            done({.status = reply.status, .receivers = static_cast<std::uint64_t>(reply.value.integer())});
        });
}

void RedisChannels::on_message(std::string_view pattern, std::string_view channel, std::string_view payload) {
    const std::string_view topic = context_.keys().topic_of_channel(channel);
    if (topic.empty() || (!pattern.empty() && !pattern.starts_with(before_pattern_))) return;
    if (!pattern.empty()) pattern.remove_prefix(before_pattern_.size());
    context_.sink().on_topic(pattern, topic, store::Buffer::copy_of(payload));
}

}  // namespace streamhost::redis
