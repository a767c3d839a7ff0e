#pragma once
// Live delivery of the memory driver.

#include <string_view>
#include <vector>

#include "streamhost/text_map.hpp"

#include "store/channels.hpp"
#include "store/memory/core.hpp"

namespace streamhost::store::memory {

struct ChannelAnswer {
    ChannelResult result;
    const ChannelResult& view() const noexcept { return result; }
};

/// [store]
class MemoryChannels final : public ChannelCommands {
public:
    explicit MemoryChannels(Core& core) : core_(core) {}

    Submit subscribe(const HomeRequest& request, ChannelDone done) override;
    Submit unsubscribe(const HomeRequest& request, ChannelDone done) override;
    Submit topic_publish(const TopicPublishRequest& request, ChannelDone done) override;
    Submit topic_subscribe(const TopicRequest& request, ChannelDone done) override;
    Submit topic_unsubscribe(const TopicRequest& request, ChannelDone done) override;
    Submit pattern_subscribe(const TopicRequest& request, ChannelDone done) override;
    Submit pattern_unsubscribe(const TopicRequest& request, ChannelDone done) override;

    /// Queues the records for the sink if their home is subscribed.
    void on_written(std::string_view id, std::vector<Record> records);

    [[nodiscard]] std::size_t size() const noexcept {
        return homes_.size() + topics_.size() + patterns_.size();
    }

private:
    using Names = TextSet;

    Submit add(Names& names, Status shape, std::string_view name, ChannelDone done);
    Submit remove(Names& names, Status shape, std::string_view name, ChannelDone done);
    std::uint64_t spread(const TopicPublishRequest& request);
    void deliver_topic(std::string_view pattern, std::string_view topic, const Buffer& payload);

    Core& core_;
    Names homes_;
    Names topics_;
    Names patterns_;
};

}  // namespace streamhost::store::memory
