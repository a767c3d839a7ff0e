#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "streamhost/abi/ext/store.h"
#include "streamhost/text_map.hpp"

#include "bridge/house.hpp"
#include "bridge/meters.hpp"
#include "store/policy/policies.hpp"
#include "store/store.hpp"
#include "store/store_loop.hpp"

namespace streamhost::bridge {

/// What a plugin can listen to: the records of a home, the messages of a topic, or of all topics that match.
struct Channel {
    enum class Kind : std::uint8_t { home = 1, topic, pattern };
    Kind kind = Kind::home;
    std::string name;
};
struct ChannelView {
    Channel::Kind kind = Channel::Kind::home;
    std::string_view name;
    ChannelView(Channel::Kind of, std::string_view called) : kind(of), name(called) {}
    ChannelView(const Channel& channel) : kind(channel.kind), name(channel.name) {}
    friend bool operator==(const ChannelView&, const ChannelView&) = default;
};
/// Records of thousands of homes are told to their listeners: asked with a view, without a copy of the name.
struct ChannelHash {
    using is_transparent = void;
    std::size_t operator()(ChannelView channel) const noexcept {
        return TextHash{}(channel.name) + static_cast<std::size_t>(channel.kind);
    }
};
struct ChannelEqual {
    using is_transparent = void;
    bool operator()(ChannelView one, ChannelView other) const noexcept { return one == other; }
};

/// The store as plugins share it: answers find the plugin that asked, live records the plugins that
/// subscribed. Everything [store] unless tagged.
class StoreHub final : public store::LiveSink, public store::StoreLoop {
public:
    explicit StoreHub(House& house);
    ~StoreHub() override;
    StoreHub(const StoreHub&) = delete;
    StoreHub& operator=(const StoreHub&) = delete;

    /// [control] Before the first plugin.
    void use(std::unique_ptr<store::Store> store, std::string kind, store::Policies policies = {});
    [[nodiscard]] store::Store& store() noexcept { return *store_; }
    [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
    [[nodiscard]] const store::Policies& policies() const noexcept { return policies_; }  ///< [any]
    /// As the driver said last; down before it first said so. [any]
    [[nodiscard]] bool is_up() const noexcept { return is_up_.load(std::memory_order_relaxed); }
    /// Whether it has been up at all since this process began. [any]
    [[nodiscard]] bool was_up() const noexcept { return was_up_.load(std::memory_order_relaxed); }
    [[nodiscard]] LockMeters& lock_meters() noexcept { return lock_meters_; }
    sh_status set_events(control::Instance& by, const sh_store_events& events);  ///< [control]

    /// A completion that carries `result` to complete(token), unless the instance is gone by then.
    template <typename Translate>
    auto answer(const sh_host* host, std::uint64_t token, Translate translate) {
        return [instance = control::Instance::of(host).shared_from_this(), token,
                translate](const auto& result) {
            sh_result out{};
            out.struct_size = sizeof(out);
            translate(result, out);
            deliver(*instance, token, out);
        };
    }

    /// Several plugins may listen to one channel: the store hears of the first and of the last. A listener
    /// that the store refuses, now or in its answer, is none. SH_BUSY, SH_GONE: nothing was done, no answer
    /// follows.
    sh_status subscribe(const sh_host* host, const Channel& channel, std::uint64_t token);
    sh_status unsubscribe(const sh_host* host, const Channel& channel, std::uint64_t token);

    /// Records that the store will have later, told in order as if it had them.
    void preview(std::string_view stream, std::vector<store::Record> records);

    // store::LiveSink
    void on_records(std::string_view stream, std::span<const store::Record> records) override;
    void on_topic(std::string_view pattern, std::string_view topic, const store::Buffer& payload) override;
    void on_link(store::Link link, std::uint64_t epoch) override;

    // store::StoreLoop
    [[nodiscard]] std::int64_t now_ms() const override;
    void post(std::function<void()> task) override;
    void post_at(std::int64_t at_ms, std::function<void()> task) override;

private:
    struct Listener {
        std::shared_ptr<control::Instance> instance;
        sh_store_events events{};
    };
    // One instance at one channel.
    struct Subscriber {
        std::uint64_t serial = 0;
        std::uint32_t asking = 0;  // answers that the store owes
        bool is_in = false;
    };
    class Alarm;
    static void deliver(control::Instance& instance, std::uint64_t token, sh_result& result);
    /// Several plugins may listen to a channel, but hardly more than a few.
    using Subscribers = std::map<std::uint64_t, Subscriber>;  // by instance
    template <typename Call>
    void tell(ChannelView channel, Call call);
    void tell_link(const Listener& listener);
    void end_listener(std::uint64_t instance);
    /// True: nobody is left.
    bool leave(const Channel& channel, std::uint64_t instance);
    void subscribed(const Channel& channel, std::uint64_t instance, std::uint64_t serial, bool is_yes);
    [[nodiscard]] store::Submit ask_to_subscribe(const Channel& channel, store::ChannelDone done);
    [[nodiscard]] store::Submit ask_to_unsubscribe(const Channel& channel, store::ChannelDone done);

    House& house_;
    std::int64_t wall_at_start_ms_;
    std::uint64_t monotonic_at_start_ms_;
    LockMeters lock_meters_;
    std::string kind_;
    store::Policies policies_;
    std::atomic<bool> is_up_{false};
    std::atomic<bool> was_up_{false};
    std::uint64_t epoch_ = 0;                                // of the link, as the driver told it last
    std::unordered_map<std::uint64_t, Listener> listeners_;  // by instance
    std::unordered_map<Channel, Subscribers, ChannelHash, ChannelEqual> subscribers_;
    std::uint64_t last_subscriber_ = 0;
    std::list<Alarm> alarms_;  // armed ones
    std::unique_ptr<store::Store> store_;
};

}  // namespace streamhost::bridge
