#include "bridge/store_hub.hpp"

#include <utility>

#include "bridge/buffers.hpp"
#include "bridge/store_calls.hpp"
#include "store/validate.hpp"

namespace streamhost::bridge {

struct AlarmDue {};

/// One post_at(): a timer on the store loop, kept by the hub until its time came.
class StoreHub::Alarm final : private runtime::TimerFor<StoreHub::Alarm, AlarmDue> {
public:
    Alarm(StoreHub& hub, std::int64_t at_ms, std::function<void()> task)
        : hub_(hub), at_ms_(at_ms), task_(std::move(task)) {}
    void arm(std::list<Alarm>::iterator self) {
        self_ = self;
        const std::int64_t delay = std::max<std::int64_t>(0, at_ms_ - hub_.now_ms());
        hub_.house_.loops.store_loop().arm(*this, static_cast<std::uint64_t>(delay));
    }

private:
    friend runtime::TimerFor<Alarm, AlarmDue>;
    void on_timer(AlarmDue) {
        // The loop counts from the beginning of its round, which is a little before the moment of arming.
        if (hub_.now_ms() < at_ms_) return arm(self_);
        const std::function<void()> task = std::move(task_);
        hub_.alarms_.erase(self_);  // *this is gone
        const runtime::RoleScope role = role_of(SH_ON_STORE);
        task();
    }

    StoreHub& hub_;
    const std::int64_t at_ms_;
    std::function<void()> task_;
    std::list<Alarm>::iterator self_;
};

StoreHub::StoreHub(House& house)
    : house_(house),
      wall_at_start_ms_(house.clock.wall_ms()),
      monotonic_at_start_ms_(house.clock.monotonic_ms()),
      lock_meters_(house.metrics) {}
StoreHub::~StoreHub() = default;

void StoreHub::use(std::unique_ptr<store::Store> store, std::string kind, store::Policies policies) {
    store_ = std::move(store);
    kind_ = std::move(kind);
    policies_ = std::move(policies);
}

std::int64_t StoreHub::now_ms() const {
    return wall_at_start_ms_ +
           static_cast<std::int64_t>(house_.clock.monotonic_ms() - monotonic_at_start_ms_);
}

void StoreHub::post(std::function<void()> task) {
    (void)house_.loops.store_loop().post([held = std::move(task)] {
        const runtime::RoleScope role = role_of(SH_ON_STORE);
        held();
    });
}

void StoreHub::post_at(std::int64_t at_ms, std::function<void()> task) {
    alarms_.emplace_front(*this, at_ms, std::move(task));
    alarms_.front().arm(alarms_.begin());
}

void StoreHub::deliver(control::Instance& instance, std::uint64_t token, sh_result& result) {
    const runtime::RoleScope role = role_of(SH_ON_STORE);
    instance.complete(token, result);
    if (result.body != nullptr) result.body->release(result.body);
    if (result.batch != nullptr) result.batch->release(result.batch);
}

sh_status StoreHub::set_events(control::Instance& by, const sh_store_events& events) {
    auto instance = by.shared_from_this();
    const auto added = by.handles().add(
        {"store events",
         [this, instance, events] {
             (void)house_.loops.store_loop().post([this, instance, events] {
                 listeners_[instance->id()] = {instance, events};
                 if (epoch_ > 0) tell_link(listeners_[instance->id()]);
             });
         },
         [this, id = by.id()] { (void)house_.loops.store_loop().post([this, id] { end_listener(id); }); }});
    return added.handle == 0 ? status_of(added.refusal) : SH_OK;
}

void StoreHub::end_listener(std::uint64_t instance) {
    listeners_.erase(instance);
    std::vector<Channel> channels;
    for (const auto& [channel, instances] : subscribers_) {
        if (instances.contains(instance)) channels.push_back(channel);
    }
    for (const Channel& channel : channels) {
        // A store that is too busy to hear it goes on sending; then nobody is found to pass it on to.
        if (leave(channel, instance)) (void)ask_to_unsubscribe(channel, [](const store::ChannelResult&) {});
    }
}

bool StoreHub::leave(const Channel& channel, std::uint64_t instance) {
    const auto found = subscribers_.find(channel);
    if (found == subscribers_.end()) return true;
    found->second.erase(instance);
    if (!found->second.empty()) return false;
    subscribers_.erase(found);
    return true;
}

store::Submit StoreHub::ask_to_subscribe(const Channel& channel, store::ChannelDone done) {
    store::ChannelCommands& channels = store_->channels();
    switch (channel.kind) {
    case Channel::Kind::home: return channels.subscribe({.home = channel.name}, std::move(done));
    case Channel::Kind::topic: return channels.topic_subscribe({.topic = channel.name}, std::move(done));
    case Channel::Kind::pattern: return channels.pattern_subscribe({.topic = channel.name}, std::move(done));
    }
    return store::Submit::kGone;
}

store::Submit StoreHub::ask_to_unsubscribe(const Channel& channel, store::ChannelDone done) {
    store::ChannelCommands& channels = store_->channels();
    switch (channel.kind) {
    case Channel::Kind::home: return channels.unsubscribe({.home = channel.name}, std::move(done));
    case Channel::Kind::topic: return channels.topic_unsubscribe({.topic = channel.name}, std::move(done));
    case Channel::Kind::pattern:
        return channels.pattern_unsubscribe({.topic = channel.name}, std::move(done));
    }
    return store::Submit::kGone;
}

sh_status StoreHub::subscribe(const sh_host* host, const Channel& channel, std::uint64_t token) {
    const std::uint64_t id = control::Instance::of(host).id();
    // Before the store answers: what is written between its yes and our hearing it arrives already.
    const auto [at, is_new] = subscribers_[channel].try_emplace(id);
    if (is_new) at->second.serial = ++last_subscriber_;
    ++at->second.asking;
    auto tell_plugin = answer(host, token, channel_result);
    const store::Submit submit = ask_to_subscribe(channel, [this, channel, id, serial = at->second.serial,
                                                            tell_plugin](const store::ChannelResult& result) {
        subscribed(channel, id, serial, result.status == store::Status::kOk);
        tell_plugin(result);
    });
    if (submit != store::Submit::kAccepted) subscribed(channel, id, at->second.serial, false);
    return to_status(submit);
}

// Whoever asked several times while the store was away listens if one of the answers is yes, whatever the
// others say.
void StoreHub::subscribed(const Channel& channel, std::uint64_t instance, std::uint64_t serial, bool is_yes) {
    const auto found = subscribers_.find(channel);
    if (found == subscribers_.end()) return;
    const auto subscriber = found->second.find(instance);
    // It left meanwhile, and perhaps came again.
    if (subscriber == found->second.end() || subscriber->second.serial != serial) return;
    --subscriber->second.asking;
    subscriber->second.is_in |= is_yes;
    if (subscriber->second.asking == 0 && !subscriber->second.is_in) (void)leave(channel, instance);
}

sh_status StoreHub::unsubscribe(const sh_host* host, const Channel& channel, std::uint64_t token) {
    auto tell_plugin = answer(host, token, channel_result);
    if (leave(channel, control::Instance::of(host).id()))
        return to_status(ask_to_unsubscribe(channel, std::move(tell_plugin)));
    // Other plugins still listen: nothing to tell the store, but the answer is owed all the same.
    post([tell_plugin] { tell_plugin(store::ChannelResult{.status = store::Status::kOk}); });
    return SH_OK;
}

template <typename Call>
void StoreHub::tell(ChannelView channel, Call call) {
    const auto found = subscribers_.find(channel);
    if (found == subscribers_.end()) return;
    std::vector<std::uint64_t> instances;  // a plugin may unsubscribe from inside
    instances.reserve(found->second.size());
    for (const auto& [id, subscriber] : found->second)
        instances.push_back(id);
    const runtime::RoleScope role = role_of(SH_ON_STORE);
    for (const std::uint64_t id : instances) {
        const auto listener = listeners_.find(id);
        if (listener == listeners_.end()) continue;
        const Listener held = listener->second;
        held.instance->call("store event", [&] { call(held.events); });
    }
}

void StoreHub::on_records(std::string_view stream, std::span<const store::Record> records) {
    std::vector<sh_record> list;
    list.reserve(records.size());
    for (const store::Record& record : records)
        list.push_back(to_abi(record));
    tell({Channel::Kind::home, store::home_of(stream)}, [&](const sh_store_events& events) {
        if (events.records != nullptr)
            events.records(events.self, bytes(stream), list.data(), static_cast<std::uint32_t>(list.size()));
    });
}

// Never inside the call, as everything that a listener hears.
void StoreHub::preview(std::string_view stream, std::vector<store::Record> records) {
    post([this, id = std::string(stream), held = std::move(records)] { on_records(id, held); });
}

void StoreHub::on_topic(std::string_view pattern, std::string_view topic, const store::Buffer& payload) {
    const ChannelView channel = pattern.empty() ? ChannelView{Channel::Kind::topic, topic}
                                                : ChannelView{Channel::Kind::pattern, pattern};
    tell(channel, [&](const sh_store_events& events) {
        if (events.topic != nullptr)
            events.topic(events.self, bytes(pattern), bytes(topic), bytes(payload.view()));
    });
}

void StoreHub::on_link(store::Link link, std::uint64_t epoch) {
    is_up_.store(link == store::Link::kUp, std::memory_order_relaxed);
    if (is_up()) was_up_.store(true, std::memory_order_relaxed);
    epoch_ = epoch;
    const auto listeners = listeners_;
    for (const auto& [id, listener] : listeners)
        tell_link(listener);
}

void StoreHub::tell_link(const Listener& listener) {
    if (listener.events.link == nullptr) return;
    const Listener held = listener;
    const runtime::RoleScope role = role_of(SH_ON_STORE);
    held.instance->call("store link", [&] { held.events.link(held.events.self, is_up() ? 1 : 0, epoch_); });
}

}  // namespace streamhost::bridge
