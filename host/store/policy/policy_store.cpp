#include "store/policy/policy_store.hpp"

#include <utility>

#include "store/policy/joins.hpp"

namespace streamhost::store {
namespace {

/// The two stores, and which of them a home belongs to.
struct Parts {
    Policies policies;
    std::unique_ptr<Store> durable;
    std::unique_ptr<Store> node;  ///< what is never stored

    [[nodiscard]] Store& of(std::string_view stream) const noexcept {
        return policies.of(stream) == Policy::kMemory ? *node : *durable;
    }
};

class RoutedStreams final : public StreamCommands {
public:
    explicit RoutedStreams(const Parts& parts) : parts_(parts) {}

    Submit claim(const ClaimRequest& request, StreamDone done) override {
        return of(request.id).claim(request, std::move(done));
    }
    Submit append(const AppendRequest& request, StreamDone done) override {
        return of(request.id).append(request, std::move(done));
    }
    Submit renew(const RenewRequest& request, StreamDone done) override {
        return of(request.id).renew(request, std::move(done));
    }
    Submit publish(const PublishRequest& request, PublishDone done) override {
        return of(request.id).publish(request, std::move(done));
    }
    Submit send(const SendRequest& request, PublishDone done) override {
        return of(request.home).send(request, std::move(done));
    }
    Submit finish(const FinishRequest& request, StreamDone done) override {
        return of(request.id).finish(request, std::move(done));
    }
    Submit read(const ReadRequest& request, ReadDone done) override {
        return of(request.id).read(request, std::move(done));
    }
    Submit runs(const RunsRequest& request, StreamListDone done) override {
        return of(request.home).runs(request, std::move(done));
    }
    Submit tail(const TailRequest& request, StreamListDone done) override {
        const auto is_ours = [this](std::string_view id) {
            return parts_.policies.of(id) == Policy::kMemory;
        };
        return tail_of_both(request, is_ours, parts_.node->streams(), parts_.durable->streams(),
                            std::move(done));
    }

private:
    [[nodiscard]] StreamCommands& of(std::string_view stream) const { return parts_.of(stream).streams(); }

    const Parts& parts_;
};

class RoutedChannels final : public ChannelCommands {
public:
    explicit RoutedChannels(const Parts& parts) : parts_(parts) {}

    Submit subscribe(const HomeRequest& request, ChannelDone done) override {
        return parts_.of(request.home).channels().subscribe(request, std::move(done));
    }
    Submit unsubscribe(const HomeRequest& request, ChannelDone done) override {
        return parts_.of(request.home).channels().unsubscribe(request, std::move(done));
    }
    Submit topic_publish(const TopicPublishRequest& request, ChannelDone done) override {
        return topics().topic_publish(request, std::move(done));
    }
    Submit topic_subscribe(const TopicRequest& request, ChannelDone done) override {
        return topics().topic_subscribe(request, std::move(done));
    }
    Submit topic_unsubscribe(const TopicRequest& request, ChannelDone done) override {
        return topics().topic_unsubscribe(request, std::move(done));
    }
    Submit pattern_subscribe(const TopicRequest& request, ChannelDone done) override {
        return topics().pattern_subscribe(request, std::move(done));
    }
    Submit pattern_unsubscribe(const TopicRequest& request, ChannelDone done) override {
        return topics().pattern_unsubscribe(request, std::move(done));
    }

private:
    [[nodiscard]] ChannelCommands& topics() const { return parts_.durable->channels(); }

    const Parts& parts_;
};

class RoutedJobs final : public JobCommands {
public:
    explicit RoutedJobs(const Parts& parts) : parts_(parts) {}

    Submit open_put(const OpenPutRequest& request, OpenDone done) override {
        return parts_.of(request.member).jobs().open_put(request, std::move(done));
    }
    Submit open_remove(const OpenRemoveRequest& request, OpenDone done) override {
        return parts_.of(request.member).jobs().open_remove(request, std::move(done));
    }
    Submit open_take(const OpenTakeRequest& request, OpenDone done) override {
        return open_take_of_both(request, parts_.node->jobs(), queues(), std::move(done));
    }
    Submit push(const PushRequest& request, QueueDone done) override {
        return queues().push(request, std::move(done));
    }
    Submit take(const TakeRequest& request, QueueDone done) override {
        return queues().take(request, std::move(done));
    }
    Submit ack(const AckRequest& request, QueueDone done) override {
        return queues().ack(request, std::move(done));
    }
    Submit depth(const DepthRequest& request, QueueDone done) override {
        return queues().depth(request, std::move(done));
    }

private:
    [[nodiscard]] JobCommands& queues() const { return parts_.durable->jobs(); }

    const Parts& parts_;
};

class RoutedKeys final : public KeyCommands {
public:
    explicit RoutedKeys(const Parts& parts) : parts_(parts) {}

    Submit key_get(const KeyGetRequest& request, KeyDone done) override {
        return parts_.durable->keys().key_get(request, std::move(done));
    }
    Submit key_set(const KeySetRequest& request, KeyDone done) override {
        return parts_.durable->keys().key_set(request, std::move(done));
    }
    Submit key_remove(const KeyRemoveRequest& request, KeyDone done) override {
        return parts_.durable->keys().key_remove(request, std::move(done));
    }
    Submit rate_take(const RateTakeRequest& request, RateDone done) override {
        return parts_.durable->keys().rate_take(request, std::move(done));
    }
    Submit history_push(const HistoryPushRequest& request, HistoryDone done) override {
        return parts_.of(request.home).keys().history_push(request, std::move(done));
    }
    Submit history_list(const HistoryListRequest& request, HistoryDone done) override {
        return parts_.of(request.home).keys().history_list(request, std::move(done));
    }
    Submit history_clear(const HistoryClearRequest& request, HistoryDone done) override {
        return parts_.of(request.home).keys().history_clear(request, std::move(done));
    }

private:
    const Parts& parts_;
};

class PolicyStore final : public Store {
public:
    explicit PolicyStore(Parts parts) : parts_(std::move(parts)) {}

    StreamCommands& streams() noexcept override { return streams_; }
    JobCommands& jobs() noexcept override { return jobs_; }
    RegistryCommands& registry() noexcept override { return parts_.durable->registry(); }
    LockCommands& locks() noexcept override { return parts_.durable->locks(); }
    KeyCommands& keys() noexcept override { return keys_; }
    ChannelCommands& channels() noexcept override { return channels_; }

    void shutdown() override {
        parts_.durable->shutdown();
        parts_.node->shutdown();
    }
    [[nodiscard]] StoreStats stats() const noexcept override {
        const StoreStats one = parts_.durable->stats();
        const StoreStats other = parts_.node->stats();
        return {one.in_flight + other.in_flight, one.streams + other.streams, one.bytes + other.bytes,
                one.subscriptions + other.subscriptions, one.refused + other.refused};
    }

private:
    Parts parts_;
    RoutedStreams streams_{parts_};
    RoutedChannels channels_{parts_};
    RoutedJobs jobs_{parts_};
    RoutedKeys keys_{parts_};
};

}  // namespace

std::unique_ptr<Store> make_policy_store(Policies policies, std::unique_ptr<Store> durable,
                                         std::unique_ptr<Store> in_process) {
    return std::make_unique<PolicyStore>(
        Parts{std::move(policies), std::move(durable), std::move(in_process)});
}

}  // namespace streamhost::store
