// One store and its topics, as several nodes under test share them.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/testing/fake_host.hpp"

namespace auth::testing {

using streamhost::bytes;
using streamhost::Host;
using streamhost::view;
using streamhost::testing::FakeHost;

// One at a time: the tables of the contract carry no pointer to it.
class FakeStore {
public:
    FakeStore() {
        current() = this;
        store_.struct_size = sizeof(store_);
        store_.key_get = [](const sh_host* host, sh_bytes key, std::uint64_t token) {
            return current()->get(host, std::string(view(key)), token);
        };
        store_.key_set = [](const sh_host* host, sh_bytes key, sh_bytes value, std::int64_t,
                            std::uint32_t condition, sh_bytes expected, std::uint64_t token) {
            return current()->set(host, std::string(view(key)), view(value), condition, view(expected),
                                  token);
        };
        store_.set_events = [](const sh_host*, const sh_store_events*) -> sh_status { return SH_OK; };
        topics_.struct_size = sizeof(topics_);
        topics_.publish = [](void* self, sh_bytes topic, sh_bytes payload, sh_ticket ticket) {
            current()->tell(std::string(view(topic)), std::string(view(payload)));
            answer(self, ticket);
        };
        topics_.subscribe = [](void* self, sh_bytes, std::uint8_t, const sh_lease* events, sh_ticket ticket) {
            current()->subscribers_[static_cast<FakeHost*>(self)] = events;
            answer(self, ticket);
        };
    }
    FakeStore(const FakeStore&) = delete;
    FakeStore& operator=(const FakeStore&) = delete;

    void attach(FakeHost& host, const std::string& node) {
        names_[host.raw()] = node;
        host.extend(SH_EXT_STORE, &store_);
        auto& table = nodes_[host.raw()];
        table = *static_cast<const sh_node_ext*>(host.raw()->extension(host.raw(), SH_EXT_NODE));
        table.id = [](const sh_host* raw) { return current()->names_.at(raw).c_str(); };
        host.extend(SH_EXT_NODE, &table);
        host.offer(SH_SVC_PUBSUB, &topics_, &host);
    }
    void detach(FakeHost& host) { subscribers_.erase(&host); }

    std::map<std::string, std::string> keys;
    bool is_away = false;
    std::int64_t ahead_ms = 0;         // of its clock, against the hosts' monotonic ones; 0: it has none
    bool answers_are_lost = false;     // what is written is, and the answer is SH_TIMEOUT
    std::function<void()> before_set;  // somebody else comes first
    int sets = 0;
    int gets = 0;

private:
    static FakeStore*& current() {
        static FakeStore* store = nullptr;
        return store;
    }
    static sh_status reply(const sh_host* host, std::uint64_t token, sh_status status, std::string_view text,
                           std::int64_t now_ms = 0) {
        sh_result result = Host::make_result(status);
        result.count = static_cast<std::uint64_t>(now_ms);
        const auto* async = static_cast<const sh_async_ext*>(host->extension(host, SH_EXT_ASYNC));
        const sh_bytes piece = bytes(text);
        const auto body = streamhost::Buffer::adopt(async->make_buffer(host, &piece, 1));
        result.body = body.get();
        FakeHost::of(host).answer(token, result);
        return SH_OK;
    }
    sh_status get(const sh_host* host, const std::string& key, std::uint64_t token) {
        ++gets;
        if (is_away) return reply(host, token, SH_UNAVAILABLE, "");
        const auto found = keys.find(key);
        const std::int64_t now_ms = ahead_ms == 0 ? 0 : FakeHost::of(host).now_ms() + ahead_ms;
        return found == keys.end() ? reply(host, token, SH_NOT_FOUND, "", now_ms)
                                   : reply(host, token, SH_OK, found->second, now_ms);
    }
    sh_status set(const sh_host* host, const std::string& key, std::string_view value,
                  std::uint32_t condition, std::string_view expected, std::uint64_t token) {
        ++sets;
        if (is_away) return reply(host, token, SH_UNAVAILABLE, "");
        if (before_set) before_set();
        const auto found = keys.find(key);
        if (condition == SH_KEY_IF_EQUALS && found == keys.end()) return reply(host, token, SH_NOT_FOUND, "");
        if (found != keys.end() && (condition == SH_KEY_IF_MISSING || found->second != expected))
            return reply(host, token, SH_CONFLICT, found->second);
        keys[key] = value;
        return reply(host, token, answers_are_lost ? SH_TIMEOUT : SH_OK, "");
    }
    void tell(const std::string& topic, const std::string& payload) {
        for (const auto& [host, lease] : subscribers_)
            host->post(SH_ON_STORE, [host = host, lease = lease, topic, payload] {
                const auto* service =
                    static_cast<const sh_service_ext*>(host->raw()->extension(host->raw(), SH_EXT_SERVICE));
                const streamhost::Lease<sh_topic_events> events(service, lease);
                (void)events.call([&](const sh_topic_events& table, void* self) {
                    table.message(self, bytes(topic), bytes(payload));
                });
            });
    }
    static void answer(void* self, sh_ticket ticket) {
        const sh_host* raw = static_cast<FakeHost*>(self)->raw();
        const sh_result result = Host::make_result(SH_OK);
        static_cast<const sh_async_ext*>(raw->extension(raw, SH_EXT_ASYNC))->complete(raw, ticket, &result);
    }

    sh_store_ext store_{};
    sh_pubsub topics_{};
    std::map<const sh_host*, sh_node_ext> nodes_;
    std::map<const sh_host*, std::string> names_;
    std::map<FakeHost*, const sh_lease*> subscribers_;
};

}  // namespace auth::testing
