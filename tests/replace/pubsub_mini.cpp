// For the embedded store, which loses and reorders nothing: what comes is delivered. Topics stay here.
#include <map>
#include <set>

#include "streamhost/ids.hpp"
#include "streamhost/service/pubsub.hpp"

using streamhost::bytes;

class PubsubMini : public streamhost::PubsubPlugin {
public:
    using PubsubPlugin::PubsubPlugin;
    void start() override { provide_pubsub(); }

private:
    void follow(const std::string& id, const sh_lease* watcher, sh_ticket ticket) override {
        watchers_[id].insert(watcher);
        const auto open = [this, id, ticket](const sh_result& page) {
            const sh_result stand = streamhost::or_unknown(page);
            if (stand.status == SH_OK)
                (void)delivery()->open_log(host().raw(), bytes(id), {stand.last, stand.check});
            host().complete(ticket, stand);
        };
        const auto look = [this, id, open](const sh_result&) {
            store().run(&sh_store_ext::read, open, bytes(id), std::uint64_t{1}, 1u, 1u);
        };
        store().run(&sh_store_ext::subscribe, look, bytes(streamhost::home_of(id)));
    }
    void unfollow(const std::string& id, const sh_lease* watcher) override {
        auto& watchers = watchers_[id];
        if (const auto one = watchers.find(watcher); one != watchers.end()) watchers.erase(one);
        if (!watchers.empty()) return;
        delivery()->close_log(host().raw(), bytes(id));
        watchers_.erase(id);
    }
    void records(std::string_view id, std::span<const sh_record> records) override {
        const auto count = static_cast<std::uint32_t>(records.size());
        if (delivery()->deliver(host().raw(), bytes(id), records.data(), count) != SH_OK) return;
        for (const sh_lease* watcher : std::multiset(watchers_[std::string(id)]))
            (void)host().lease<sh_follow_events>(watcher).call([&](const auto& events, void* self) {
                events.records(self, bytes(id), records.data(), count);
            });
    }
    void publish(const std::string& topic, const std::string& payload, sh_ticket ticket) override {
        for (const sh_lease* watcher : std::multiset(watchers_[topic]))
            (void)host().lease<sh_topic_events>(watcher).call(
                [&](const auto& events, void* self) { events.message(self, bytes(topic), bytes(payload)); });
        sh_result answer = streamhost::Host::make_result(SH_OK);
        answer.count = watchers_[topic].size();
        host().complete(ticket, answer);
    }
    void subscribe(const std::string& topic, std::uint8_t, const sh_lease* watcher,
                   sh_ticket ticket) override {
        watchers_[topic].insert(watcher);
        host().complete(ticket, SH_OK);
    }
    std::map<std::string, std::multiset<const sh_lease*>> watchers_;  // by stream, and by topic
};

STREAMHOST_PLUGIN(PubsubMini, {"pubsub-mini", "1.0.0", "Delivers what comes", PubsubMini::kProvides})
