#pragma once

#include <string_view>

#include "redis/driver/context.hpp"
#include "store/channels.hpp"

namespace streamhost::redis {

// Subscriptions to homes, and topics. [store]
class RedisChannels final : public store::ChannelCommands {
public:
    explicit RedisChannels(Context& context) : context_(context) {}

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
    Context& context_;
};

}  // namespace streamhost::redis
