// The store's registry and keys and the topics, as two or more plugins under test share them.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "streamhost/abi/ext/http.h"
#include "streamhost/abi/ext/store.h"
#include "streamhost/abi/ext/websocket.h"
#include "streamhost/abi/svc/pubsub.h"
#include "streamhost/json.hpp"
#include "streamhost/testing/fake_host.hpp"

namespace session::testing {

using streamhost::bytes;
using streamhost::Host;
using streamhost::view;
using streamhost::testing::FakeHost;

// One at a time: the tables of the contract carry no pointer to it.
class FakeCluster {
public:
    FakeCluster() {
        current() = this;
        fill_store();
        fill_topics();
        websocket_.struct_size = sizeof(websocket_);
        websocket_.close = [](sh_connection id, std::uint32_t code, sh_bytes) {
            current()->closed.emplace_back(id, code);
        };
    }
    FakeCluster(const FakeCluster&) = delete;
    FakeCluster& operator=(const FakeCluster&) = delete;

    void attach(FakeHost& host, const std::string& node) {
        names_[host.raw()] = node;
        host.extend(SH_EXT_STORE, &store_);
        host.extend(SH_EXT_WEBSOCKET, &websocket_);
        host.extend(SH_EXT_HTTP, &http_);
        auto& table = nodes_[host.raw()];
        table = *static_cast<const sh_node_ext*>(host.raw()->extension(host.raw(), SH_EXT_NODE));
        table.id = [](const sh_host* raw) { return current()->names_.at(raw).c_str(); };
        incarnations_[host.raw()] = std::to_string(1'000 + incarnations_.size()) + "@test/1";
        table.incarnation = [](const sh_host* raw) { return current()->incarnations_.at(raw).c_str(); };
        host.extend(SH_EXT_NODE, &table);
        limit_queue(host);
        host.offer(SH_SVC_PUBSUB, &topics_, &host);
    }

    struct Entry {
        std::string user;
        std::string data;
        std::int64_t end_ms = 0;
    };
    struct Key {
        std::string value;
        std::int64_t end_ms = 0;
    };
    std::map<std::pair<std::string, std::string>, Entry> sessions;  // by session and node
    std::map<std::string, std::string> last_nodes;
    std::map<std::string, std::string> nodes;  // with their data
    std::map<std::string, Key> keys;
    std::map<std::string, std::deque<sh_status>>
        failures;  // by command; "name answer": took effect, answer lost
    std::vector<std::pair<sh_connection, std::uint32_t>> closed;
    std::map<std::string, int> calls;
    bool is_away = false;
    bool is_queue_full = false;  // plugins can post no task

private:
    static FakeCluster*& current() {
        static FakeCluster* cluster = nullptr;
        return cluster;
    }
    static std::int64_t now(const sh_host* host) { return FakeHost::of(host).now_ms(); }

    void limit_queue(FakeHost& host) {
        const auto [place, is_new] = tasks_.try_emplace(host.raw());
        if (!is_new) return;
        place->second = *static_cast<const sh_task_ext*>(host.raw()->extension(host.raw(), SH_EXT_TASK));
        post_ = place->second.post;
        place->second.post = [](const sh_host* raw, sh_target target, std::uint64_t task) -> sh_status {
            if (current()->is_queue_full) return SH_BUSY;
            return current()->post_(raw, target, task);
        };
        host.extend(SH_EXT_TASK, &place->second);
    }
    sh_status fail(const std::string& name) {
        if (is_away) return SH_UNAVAILABLE;
        auto& list = failures[name];
        if (list.empty()) return SH_OK;
        const sh_status status = list.front();
        list.pop_front();
        return status;
    }
    template <typename Body>
    static sh_status run(const sh_host* host, const char* name, std::uint64_t token, Body&& body) {
        FakeCluster& cluster = *current();
        ++cluster.calls[name];
        sh_result result = Host::make_result(cluster.fail(name));
        std::string text;
        if (result.status == SH_OK) {
            result.status = body(cluster, result, text);
            if (const sh_status lost = cluster.fail(std::string(name) + " answer"); lost != SH_OK)
                result = Host::make_result(lost);
        }
        const auto* async = static_cast<const sh_async_ext*>(host->extension(host, SH_EXT_ASYNC));
        const sh_bytes piece = bytes(text);
        const auto body_buffer = streamhost::Buffer::adopt(async->make_buffer(host, &piece, 1));
        result.body = body_buffer.get();
        FakeHost::of(host).answer(token, result);
        return SH_OK;
    }
    std::string list_json(std::int64_t now_ms, std::string_view session, std::string_view user) const {
        std::string out = "{\"entries\":[";
        for (const auto& [name, entry] : sessions) {
            if (entry.end_ms <= now_ms || (!session.empty() && name.first != session) ||
                (!user.empty() && entry.user != user))
                continue;
            append(out, name, entry);
        }
        const auto last = last_nodes.find(std::string(session));
        return out +
               "],\"last_node\":" + streamhost::json_string(last == last_nodes.end() ? "" : last->second) +
               "}";
    }
    static void append(std::string& out, const std::pair<std::string, std::string>& name,
                       const Entry& entry) {
        if (out.back() != '[') out += ',';
        out += "{\"session\":" + streamhost::json_string(name.first) +
               ",\"node\":" + streamhost::json_string(name.second) +
               ",\"user\":" + streamhost::json_string(entry.user) +
               ",\"data\":" + streamhost::json_string(entry.data) + ",\"left_ms\":1}";
    }

    void fill_store() {
        store_.struct_size = sizeof(store_);
        store_.session_put = [](const sh_host* host, const sh_store_session* put, std::uint64_t token) {
            return run(host, "put", token, [&](FakeCluster& cluster, sh_result&, std::string&) {
                const std::string session(view(put->session));
                const std::string node(view(put->node));
                cluster.sessions[{session, node}] = {std::string(view(put->user)),
                                                     std::string(view(put->data)), now(host) + put->lease_ms};
                cluster.last_nodes[session] = node;
                return SH_OK;
            });
        };
        store_.session_renew = [](const sh_host* host, sh_bytes node, const sh_bytes* ids,
                                  std::uint32_t count, std::uint32_t lease_ms, std::uint64_t token) {
            return run(host, "renew", token, [&](FakeCluster& cluster, sh_result&, std::string& body) {
                body = "[";
                for (std::uint32_t index = 0; index < count; ++index) {
                    const auto found =
                        cluster.sessions.find({std::string(view(ids[index])), std::string(view(node))});
                    if (found != cluster.sessions.end()) {
                        found->second.end_ms = now(host) + lease_ms;
                    } else {
                        body += (body.size() > 1 ? "," : "") + streamhost::json_string(view(ids[index]));
                    }
                }
                body += "]";
                return SH_OK;
            });
        };
        store_.session_remove = [](const sh_host* host, sh_bytes session, sh_bytes node,
                                   std::uint64_t token) {
            return run(host, "remove", token, [&](FakeCluster& cluster, sh_result&, std::string&) {
                return cluster.sessions.erase({std::string(view(session)), std::string(view(node))}) > 0
                           ? SH_OK
                           : SH_NOT_FOUND;
            });
        };
        store_.session_list = [](const sh_host* host, sh_bytes session, sh_bytes user, std::uint32_t,
                                 std::uint64_t token) {
            return run(host, "list", token, [&](FakeCluster& cluster, sh_result& result, std::string& body) {
                body = cluster.list_json(now(host), view(session), view(user));
                result.count = cluster.sessions.size();
                return SH_OK;
            });
        };
        store_.session_expire = [](const sh_host* host, std::uint32_t lapsed_ms, std::uint32_t,
                                   std::uint64_t token) {
            return run(host, "expire", token,
                       [&](FakeCluster& cluster, sh_result& result, std::string& body) {
                           body = "{\"entries\":[";
                           std::erase_if(cluster.sessions, [&](const auto& entry) {
                               if (entry.second.end_ms > now(host) - lapsed_ms) return false;
                               append(body, entry.first, entry.second);
                               return true;
                           });
                           body += "],\"last_node\":\"\"}";
                           result.count = cluster.sessions.size();
                           return SH_OK;
                       });
        };
        store_.node_put = [](const sh_host* host, sh_bytes node, sh_bytes data, std::uint32_t,
                             std::uint64_t token) {
            return run(host, "node_put", token, [&](FakeCluster& cluster, sh_result&, std::string& body) {
                std::string& there = cluster.nodes[std::string(view(node))];
                body = there.empty()
                           ? "[]"
                           : R"([{"node":"","data":)" + streamhost::json_string(there) + R"(,"left_ms":1}])";
                there = view(data);
                return SH_OK;
            });
        };
        store_.node_remove = [](const sh_host* host, sh_bytes node, std::uint64_t token) {
            return run(host, "node_remove", token, [&](FakeCluster& cluster, sh_result&, std::string&) {
                return cluster.nodes.erase(std::string(view(node))) > 0 ? SH_OK : SH_NOT_FOUND;
            });
        };
        store_.key_get = [](const sh_host* host, sh_bytes key, std::uint64_t token) {
            return run(host, "key_get", token,
                       [&](FakeCluster& cluster, sh_result& result, std::string& body) {
                           const Key* found = cluster.live(std::string(view(key)), now(host));
                           if (found == nullptr) return SH_NOT_FOUND;
                           body = found->value;
                           result.wait_ms = found->end_ms - now(host);
                           return SH_OK;
                       });
        };
        store_.key_set = [](const sh_host* host, sh_bytes key, sh_bytes value, std::int64_t ttl_ms,
                            std::uint32_t condition, sh_bytes expected, std::uint64_t token) {
            return run(host, "key_set", token,
                       [&](FakeCluster& cluster, sh_result& result, std::string& body) {
                           const std::string name(view(key));
                           const Key* found = cluster.live(name, now(host));
                           const bool is_equal = found != nullptr && found->value == view(expected);
                           if (condition == SH_KEY_IF_EQUALS && found == nullptr) return SH_NOT_FOUND;
                           if ((condition == SH_KEY_IF_MISSING && found != nullptr) ||
                               (condition == SH_KEY_IF_EQUALS && !is_equal)) {
                               body = found->value;
                               result.wait_ms = found->end_ms - now(host);
                               return SH_CONFLICT;
                           }
                           cluster.keys[name] = {std::string(view(value)), now(host) + ttl_ms};
                           return SH_OK;
                       });
        };
    }
    const Key* live(const std::string& name, std::int64_t now_ms) {
        const auto found = keys.find(name);
        return found == keys.end() || found->second.end_ms <= now_ms ? nullptr : &found->second;
    }

    // `self` is the host that asks.
    void fill_topics() {
        topics_.struct_size = sizeof(topics_);
        topics_.publish = [](void* self, sh_bytes topic, sh_bytes payload, sh_ticket ticket) {
            FakeCluster& cluster = *current();
            sh_result result = Host::make_result(SH_OK);
            for (const auto& [host, lease] : cluster.subscribers_) {
                ++result.count;
                host->post(SH_ON_STORE, [host = host, lease = lease, name = std::string(view(topic)),
                                         data = std::string(view(payload))] {
                    const auto* service = static_cast<const sh_service_ext*>(
                        host->raw()->extension(host->raw(), SH_EXT_SERVICE));
                    const streamhost::Lease<sh_topic_events> events(service, lease);
                    (void)events.call([&](const sh_topic_events& table, void* at) {
                        table.message(at, bytes(name), bytes(data));
                    });
                });
            }
            answer(self, ticket, result);
        };
        topics_.subscribe = [](void* self, sh_bytes, std::uint8_t, const sh_lease* events, sh_ticket ticket) {
            current()->subscribers_[static_cast<FakeHost*>(self)] = events;
            answer(self, ticket, Host::make_result(SH_OK));
        };
    }
    static void answer(void* self, sh_ticket ticket, const sh_result& result) {
        const sh_host* raw = static_cast<FakeHost*>(self)->raw();
        static_cast<const sh_async_ext*>(raw->extension(raw, SH_EXT_ASYNC))->complete(raw, ticket, &result);
    }

    sh_store_ext store_{};
    sh_websocket_ext websocket_{};
    sh_http_ext http_{sizeof(sh_http_ext), 0,
                      [](const sh_host*, const sh_http_route*, sh_http_handler, void*,
                         sh_handle*) -> sh_status { return SH_OK; }};
    sh_pubsub topics_{};
    std::map<const sh_host*, sh_node_ext> nodes_;
    std::map<const sh_host*, sh_task_ext> tasks_;
    decltype(sh_task_ext::post) post_ = nullptr;
    std::map<const sh_host*, std::string> names_;
    std::map<const sh_host*, std::string> incarnations_;
    std::map<FakeHost*, const sh_lease*> subscribers_;
};

}  // namespace session::testing
