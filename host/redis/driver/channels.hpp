#pragma once

#include <string>
#include <string_view>

#include "redis/driver/context.hpp"
#include "store/channels.hpp"

namespace streamhost::redis {

// Subscriptions to homes, and topics: channels of the server, under the prefix of all keys. [store]
class RedisChannels final : public store::ChannelCommands {
public:
    explicit RedisChannels(Context& context);

    store::Submit subscribe(const store::HomeRequest& request, store::ChannelDone done) override;
    store::Submit unsubscribe(const store::HomeRequest& request, store::ChannelDone done) override;
    store::Submit topic_publish(const store::TopicPublishRequest& request, store::ChannelDone done) override;
    store::Submit topic_subscribe(const store::TopicRequest& request, store::ChannelDone done) override;
    store::Submit topic_unsubscribe(const store::TopicRequest& request, store::ChannelDone done) override;
    store::Submit pattern_subscribe(const store::TopicRequest& request, store::ChannelDone done) override;
    store::Submit pattern_unsubscribe(const store::TopicRequest& request, store::ChannelDone done) override;

    // A message on a topic, as the port hands it over.
    void on_message(std::string_view pattern, std::string_view channel, std::string_view payload);

private:
    store::Submit listen(store::Status shape, ListenTo kind, const std::string& name,
                         std::uint32_t timeout_ms, store::ChannelDone done);
    store::Submit unlisten(store::Status shape, ListenTo kind, const std::string& name,
                           std::uint32_t timeout_ms, store::ChannelDone done);

    Context& context_;
    const std::string before_pattern_;  // matches what is in front of a topic's name
};

}  // namespace streamhost::redis
