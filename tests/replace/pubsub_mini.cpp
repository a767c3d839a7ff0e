// An event only says that there may be news: what is new is read from the log, one page at a time per stream.
// So there is one path for live, late, doubled and lost events.
#include <map>
#include <set>
#include <string>

#include "streamhost/abi/ext/delivery.h"
#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/plugin.hpp"

namespace {

using streamhost::bytes;
using streamhost::view;

class PubsubMini : public streamhost::Plugin {
public:
    using Plugin::Plugin;

    void start() override {
        store_ = host().require<sh_store_ext>(SH_EXT_STORE);
        delivery_ = host().require<sh_delivery_ext>(SH_EXT_DELIVERY);
        static constexpr sh_store_events kEvents = {
            sizeof(sh_store_events), 0, nullptr, &on_records, &on_topic, &on_link};
        sh_store_events events = kEvents;
        events.self = this;
        if (store_->set_events(host().raw(), &events) != SH_OK)
            throw streamhost::Failure(SH_BUSY, "no events");
        host().provide(SH_SVC_PUBSUB, &kTable, this);
    }

private:
    struct Stream {
        sh_position at{};
        std::multiset<const sh_lease*> watchers;
        bool is_open = false;
        bool is_reading = false;
        bool has_news = false;
    };
    static PubsubMini& of(void* self) { return *static_cast<PubsubMini*>(self); }
    static std::string home_of(std::string_view id) { return std::string(id.substr(0, id.find('.'))); }
    Stream* find(const std::string& id) {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : &found->second;
    }
    streamhost::Host::Answer pass_on(sh_ticket ticket) {
        return [this, ticket](const sh_result& result) { host().complete(ticket, result); };
    }

    // --- streams. [store]
    static void follow(void* self, sh_bytes stream, const sh_lease* events, sh_ticket ticket) noexcept {
        PubsubMini& me = of(self);
        const std::string id(view(stream));
        me.streams_[id].watchers.insert(events);
        me.host().command(
            [&](std::uint64_t token) {
                return me.store_->subscribe(me.host().raw(), bytes(home_of(id)), token);
            },
            [&me, id, ticket](const sh_result&) { me.look(id, ticket); });
    }
    void look(const std::string& id, sh_ticket ticket) {
        const sh_bytes one = bytes(id);
        host().command(
            [&](std::uint64_t token) { return store_->tail(host().raw(), &one, 1, token); },
            [this, id, ticket](const sh_result& tail) {
                Stream* stream = find(id);
                if (stream == nullptr || tail.status != SH_OK || tail.count != 1)
                    return host().complete(ticket, SH_UNAVAILABLE);
                const auto& info = *reinterpret_cast<const sh_stream_info*>(tail.body->data);
                if (!std::exchange(stream->is_open, true)) {
                    stream->at = info.head;
                    (void)delivery_->open_log(host().raw(), bytes(id), stream->at);
                }
                if (stream->at.seq < info.head.seq) {  // behind: the head is what a follower is promised
                    pull(id);
                    return look(id, ticket);
                }
                sh_result stand = streamhost::Host::make_result(SH_OK);
                stand.first = info.state == SH_STREAM_UNKNOWN ? 0 : info.base.seq + 1;
                stand.last = stream->at.seq;
                stand.check = stream->at.check;
                stand.state = info.state;
                host().complete(ticket, stand);
                pull(id);
            });
    }
    void pull(const std::string& id) {
        Stream* stream = find(id);
        if (stream == nullptr || !stream->is_open) return;
        stream->has_news = stream->is_reading;
        if (std::exchange(stream->is_reading, true)) return;
        host().command(
            [&](std::uint64_t token) {
                return store_->read(host().raw(), bytes(id), stream->at.seq + 1, 1'000, 1u << 20, token);
            },
            [this, id](const sh_result& page) { take(id, page); });
    }
    void take(const std::string& id, const sh_result& page) {
        Stream* stream = find(id);
        if (stream == nullptr) return;
        stream->is_reading = false;
        if (page.status != SH_OK || page.batch == nullptr || page.batch->count == 0)
            return stream->has_news ? pull(id) : void();
        const sh_record& last = page.batch->records[page.batch->count - 1];
        const bool is_next = page.batch->records[0].prev == stream->at.check;
        stream->at = {last.seq, last.check};
        if (is_next) {
            (void)delivery_->deliver(host().raw(), bytes(id), page.batch->records, page.batch->count);
        } else {
            delivery_->reset_log(host().raw(), bytes(id), stream->at);
        }
        const std::set<const sh_lease*> watchers(stream->watchers.begin(), stream->watchers.end());
        for (const sh_lease* lease : watchers)
            (void)host().lease<sh_follow_events>(lease).call([&](const sh_follow_events& table, void* self) {
                table.records(self, bytes(id), page.batch->records, page.batch->count);
            });
        pull(id);  // until there is no more
    }
    static void unfollow(void* self, sh_bytes stream, const sh_lease* events) noexcept {
        PubsubMini& me = of(self);
        Stream* found = me.find(std::string(view(stream)));
        if (found == nullptr) return;
        if (const auto one = found->watchers.find(events); one != found->watchers.end())
            found->watchers.erase(one);
        if (!found->watchers.empty()) return;
        me.delivery_->close_log(me.host().raw(), stream);
        me.streams_.erase(std::string(view(stream)));
    }
    static void on_records(void* self, sh_bytes stream, const sh_record*, std::uint32_t) noexcept {
        of(self).pull(std::string(view(stream)));
    }
    static void on_link(void* self, std::uint8_t, std::uint64_t) noexcept {
        for (const auto& [id, stream] : of(self).streams_)
            of(self).pull(id);
    }

    // --- topics. [any], carried to the store loop
    template <typename Body>
    void on_store(Body body) {
        (void)host().post(SH_ON_STORE, std::move(body));
    }
    static void publish(void* self, sh_bytes topic, sh_bytes payload, sh_ticket ticket) noexcept {
        PubsubMini& me = of(self);
        me.on_store([&me, name = std::string(view(topic)), text = std::string(view(payload)), ticket] {
            me.host().command(
                [&](std::uint64_t token) {
                    return me.store_->topic_publish(me.host().raw(), bytes(name), bytes(text), token);
                },
                me.pass_on(ticket));
        });
    }
    static void subscribe(void* self, sh_bytes topic, std::uint8_t pattern, const sh_lease* events,
                          sh_ticket ticket) noexcept {
        PubsubMini& me = of(self);
        me.on_store([&me, name = std::string(view(topic)), pattern, events, ticket] {
            me.topics_[name].insert(events);
            me.host().command(
                [&](std::uint64_t token) {
                    return me.store_->topic_subscribe(me.host().raw(), bytes(name), pattern, token);
                },
                me.pass_on(ticket));
        });
    }
    static void unsubscribe(void* self, sh_bytes topic, std::uint8_t pattern, const sh_lease* events,
                            sh_ticket ticket) noexcept {
        PubsubMini& me = of(self);
        me.on_store([&me, name = std::string(view(topic)), pattern, events, ticket] {
            me.topics_[name].erase(events);
            me.host().command(
                [&](std::uint64_t token) {
                    return me.store_->topic_unsubscribe(me.host().raw(), bytes(name), pattern, token);
                },
                me.pass_on(ticket));
        });
    }
    static void on_topic(void* self, sh_bytes pattern, sh_bytes topic, sh_bytes payload) noexcept {
        const auto leases = of(self).topics_[std::string(view(pattern.size > 0 ? pattern : topic))];
        for (const sh_lease* lease : leases)
            (void)of(self).host().lease<sh_topic_events>(lease).call(
                [&](const sh_topic_events& table, void* to) { table.message(to, topic, payload); });
    }

    static constexpr sh_pubsub kTable = {sizeof(sh_pubsub), 0,          &follow,     &unfollow,
                                         &publish,          &subscribe, &unsubscribe};
    const sh_store_ext* store_ = nullptr;
    const sh_delivery_ext* delivery_ = nullptr;
    std::map<std::string, Stream> streams_;
    std::map<std::string, std::set<const sh_lease*>> topics_;
};

constexpr const char* kProvides[] = {SH_SVC_PUBSUB, nullptr};

}  // namespace

STREAMHOST_PLUGIN(PubsubMini, {.name = "pubsub-mini",
                               .version = "1.0.0",
                               .summary = "Follows by reading",
                               .provides = kProvides})
