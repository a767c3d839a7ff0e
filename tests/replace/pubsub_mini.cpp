// An event only says that there may be news: what is new is read from the log, a page at a time. So there is
// one path for live, late, doubled and lost events. Topics stay on this node.
#include <map>
#include <optional>
#include <set>
#include <string>

#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/plan.hpp"
#include "streamhost/service_table.hpp"
#include "streamhost/store.hpp"

namespace {

using streamhost::bytes;
using streamhost::view;
using Leases = std::multiset<const sh_lease*>;

class PubsubMini : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void start() override {
        delivery_ = host().require<sh_delivery_ext>(SH_EXT_DELIVERY);
        store_.emplace(host());
        const sh_store_events events = {sizeof(events), 0, this, &on_records, &on_topic, &on_link};
        if ((*store_)->set_events(host().raw(), &events) != SH_OK)
            throw streamhost::Failure(SH_BUSY, "no events");
        host().provide(SH_SVC_PUBSUB, &kTable, this);
    }

private:
    struct Stream {
        sh_position at{};
        Leases watchers;
        bool is_open = false, is_reading = false, has_news = false;
    };

    void follow(const std::string& id, const sh_lease* watcher, sh_ticket ticket) {
        streams_[id].watchers.insert(watcher);
        const auto look = [this, id, ticket](const sh_result&) { tail(id, ticket); };
        store_->run(&sh_store_ext::subscribe, look, bytes(std::string_view(id).substr(0, id.find('.'))));
    }
    void unfollow(const std::string& id, const sh_lease* watcher) {
        Leases& watchers = streams_[id].watchers;
        if (const auto one = watchers.find(watcher); one != watchers.end()) watchers.erase(one);
        if (!watchers.empty()) return;
        delivery_->close_log(host().raw(), bytes(id));
        streams_.erase(id);
    }
    void tail(const std::string& id, sh_ticket ticket) {
        const auto tell = [this, id, ticket](const sh_result& page) {
            if (!streams_.contains(id)) return host().complete(ticket, SH_CANCELLED);
            if (page.status != SH_OK && page.status != SH_NOT_FOUND) return host().complete(ticket, page);
            Stream& stream = streams_[id];
            if (!std::exchange(stream.is_open, true))
                (void)delivery_->open_log(host().raw(), bytes(id), stream.at = {page.last, page.check});
            pull(id);
            if (stream.at.seq < page.last)
                return tail(id, ticket);  // the head is what a follower is promised
            sh_result stand = streamhost::Host::make_result(SH_OK);
            stand.state = SH_STREAM_UNKNOWN;
            host().complete(ticket, page.status == SH_OK ? page : stand);
        };
        store_->run(&sh_store_ext::read, tell, bytes(id), std::uint64_t{1}, 1u, 1u);
    }
    void pull(const std::string& id) {
        const auto found = streams_.find(id);
        if (found == streams_.end() || !found->second.is_open) return;
        found->second.has_news = found->second.is_reading;
        if (std::exchange(found->second.is_reading, true)) return;
        const auto take = [this, id](const sh_result& page) { deliver(id, page); };
        store_->run(&sh_store_ext::read, take, bytes(id), found->second.at.seq + 1, 1'000u, 1u << 20);
    }
    void deliver(const std::string& id, const sh_result& page) {
        const auto found = streams_.find(id);
        if (found == streams_.end()) return;
        Stream& stream = found->second;
        stream.is_reading = false;
        const auto records = streamhost::records_of(page);
        if (records.empty()) return stream.has_news ? pull(id) : void();
        const bool is_next = records.front().prev == stream.at.check;
        stream.at = {records.back().seq, records.back().check};
        if (!is_next) delivery_->reset_log(host().raw(), bytes(id), stream.at);
        if (is_next) (void)delivery_->deliver(host().raw(), bytes(id), records.data(), page.batch->count);
        for (const sh_lease* lease : Leases(stream.watchers))
            (void)host().lease<sh_follow_events>(lease).call(
                [&](const sh_follow_events& watcher, void* self) {
                    watcher.records(self, bytes(id), records.data(), page.batch->count);
                });
        pull(id);  // until there is no more
    }

    void publish(const std::string& topic, const std::string& payload, sh_ticket ticket) {
        sh_result answer = streamhost::Host::make_result(SH_OK);
        for (const sh_lease* lease : Leases(topics_[topic]))
            (void)host().lease<sh_topic_events>(lease).call(
                [&](const sh_topic_events& subscriber, void* self) {
                    ++answer.count;
                    subscriber.message(self, bytes(topic), bytes(payload));
                });
        host().complete(ticket, answer);
    }
    void subscribe(const std::string& topic, std::uint8_t, const sh_lease* subscriber, sh_ticket ticket) {
        topics_[topic].insert(subscriber);
        host().complete(ticket, SH_OK);
    }
    void unsubscribe(const std::string& topic, std::uint8_t, const sh_lease* subscriber, sh_ticket ticket) {
        host().complete(ticket, topics_[topic].erase(subscriber) > 0 ? SH_OK : SH_NOT_FOUND);
    }

    static PubsubMini& of(void* self) { return *static_cast<PubsubMini*>(self); }
    static void on_records(void* self, sh_bytes stream, const sh_record*, std::uint32_t) noexcept {
        of(self).pull(std::string(view(stream)));
    }
    static void on_topic(void*, sh_bytes, sh_bytes, sh_bytes) noexcept {}
    static void on_link(void* self, std::uint8_t, std::uint64_t) noexcept {
        for (const auto& [id, stream] : of(self).streams_)
            of(self).pull(id);
    }

    static constexpr sh_pubsub kTable = {sizeof(sh_pubsub),
                                         0,
                                         streamhost::answered<&PubsubMini::follow>(),
                                         streamhost::told<&PubsubMini::unfollow>(),
                                         streamhost::answered<&PubsubMini::publish>(),
                                         streamhost::answered<&PubsubMini::subscribe>(),
                                         streamhost::answered<&PubsubMini::unsubscribe>()};
    const sh_delivery_ext* delivery_ = nullptr;
    std::optional<streamhost::Store> store_;
    std::map<std::string, Stream> streams_;
    std::map<std::string, Leases> topics_;
};

constexpr const char* kProvides[] = {SH_SVC_PUBSUB, nullptr};

}  // namespace

STREAMHOST_PLUGIN(PubsubMini, {.name = "pubsub-mini",
                               .version = "1.0.0",
                               .summary = "Follows by reading",
                               .provides = kProvides})
