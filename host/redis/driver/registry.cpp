#include "redis/driver/registry.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "redis/driver/answer.hpp"
#include "redis/driver/lua_scripts.hpp"
#include "store/validate.hpp"

namespace streamhost::redis {

using store::Status;
using store::Submit;

namespace {

// How long the server knows which entries an expiry returned, for its repeat.
constexpr std::int64_t kRememberMs = 10'000;

std::vector<store::SessionEntry> entries_of(Answer& answer) {
    std::vector<store::SessionEntry> entries(answer.left() / 5);
    for (store::SessionEntry& entry : entries) {
        entry.session = answer.text();
        entry.node = answer.text();
        entry.user = answer.text();
        entry.data = answer.text();
        entry.left_ms = answer.number();
    }
    return entries;
}

// status and total: put, remove; then the missing: renew.
ReplyDone session_reply(Context& context, std::string_view command, store::SessionDone done) {
    return [&context, command, done = std::move(done)](const Reply& reply) mutable {
        Answer answer(context, command, reply);
        store::SessionResult result{.status = answer.status(), .total = answer.count()};
        std::vector<std::string_view> missing(answer.left());
        for (std::string_view& session : missing)
            session = answer.text();
        result.missing = missing;
        done(result);
    };
}

ReplyDone node_reply(Context& context, std::string_view command, store::NodeDone done) {
    return [&context, command, done = std::move(done)](const Reply& reply) mutable {
        Answer answer(context, command, reply);
        std::vector<store::NodeEntry> nodes(answer.left() / 3);
        for (store::NodeEntry& node : nodes) {
            node.node = answer.text();
            node.data = answer.text();
            node.left_ms = answer.number();
        }
        // The server has them by the end of their leases.
        std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.node < b.node; });
        done({.status = answer.status(), .nodes = nodes});
    };
}

}  // namespace

RedisRegistry::RedisRegistry(Context& context)
    : context_(context),
      sessions_(context.keys().plain("sessions:active")),
      nodes_(context.keys().plain("nodes")) {}

// "session:<id>" would meet the "session:runs:<home>" of streams.
Call RedisRegistry::session_call(const Script& script) const {
    const KeyNames& keys = context_.keys();
    Call call(script);
    call.key(sessions_).key(keys.plain("sessions:names")).key(keys.plain("sessions:entry:"));
    call.key(keys.plain("sessions:user:")).key(keys.plain("sessions:node:"));
    return call;
}

Submit RedisRegistry::session_put(const store::SessionPutRequest& request, store::SessionDone done) {
    return context_.run(
        check(request), in_order(request.timeout_ms),
        [&] {
            return session_call(lua::kSessionPut)
                .arg(request.session)
                .arg(request.node)
                .arg(request.user)
                .arg(request.data)
                .arg(request.lease_ms)
                .arg(context_.limits().last_node_ms);
        },
        session_reply(context_, "session_put", std::move(done)));
}

Submit RedisRegistry::session_renew(const store::SessionRenewRequest& request, store::SessionDone done) {
    return context_.run(
        check(request), in_order(request.timeout_ms),
        [&] {
            Call call = session_call(lua::kSessionRenew);
            call.arg(request.node).arg(request.lease_ms).arg(context_.limits().last_node_ms);
            for (const std::string_view session : request.sessions)
                call.arg(session);
            return call;
        },
        session_reply(context_, "session_renew", std::move(done)));
}

Submit RedisRegistry::session_remove(const store::SessionRemoveRequest& request, store::SessionDone done) {
    return context_.run(
        check(request), in_order(request.timeout_ms),
        [&] { return session_call(lua::kSessionRemove).arg(request.session).arg(request.node); },
        session_reply(context_, "session_remove", std::move(done)));
}

Submit RedisRegistry::session_list(const store::SessionListRequest& request, store::SessionDone done) {
    return context_.run(
        check(request), in_order(request.timeout_ms),
        [&] {
            return session_call(lua::kSessionList)
                .arg(request.session)
                .arg(request.user)
                .arg(request.cursor)
                .arg(request.max)
                .arg(request.grace_ms)
                .arg(context_.limits().last_node_ms);
        },
        [this, done = std::move(done)](const Reply& reply) mutable {
            Answer answer(context_, "session_list", reply);
            store::SessionResult result{.status = answer.status(), .total = answer.count()};
            result.cursor = answer.text();
            result.last_node = answer.text();
            const auto entries = entries_of(answer);
            result.entries = entries;
            done(result);
        });
}

Submit RedisRegistry::session_expire(const store::SessionExpireRequest& request, store::SessionDone done) {
    return context_.run(
        check(request), in_order(request.timeout_ms),
        [&] {
            return session_call(lua::kSessionExpire)
                .key(context_.keys().plain("sessions-expired:", nonces_.next()))
                .arg(request.lapsed_ms)
                .arg(request.node)
                .arg(request.max)
                .arg(kRememberMs);
        },
        [this, done = std::move(done)](const Reply& reply) mutable {
            Answer answer(context_, "session_expire", reply);
            store::SessionResult result{.status = answer.status(), .total = answer.count()};
            const auto entries = entries_of(answer);
            result.entries = entries;
            done(result);
        });
}

Submit RedisRegistry::node_put(const store::NodePutRequest& request, store::NodeDone done) {
    return context_.run(
        check(request), {.order = nodes_, .timeout_ms = request.timeout_ms},
        [&] {
            return Call(lua::kNodePut)
                .key(nodes_)
                .key(context_.keys().plain("nodes:", request.node))
                .arg(request.node)
                .arg(request.data)
                .arg(request.lease_ms)
                .arg(context_.limits().node_forget_ms);
        },
        node_reply(context_, "node_put", std::move(done)));
}

Submit RedisRegistry::node_remove(const store::NodeRemoveRequest& request, store::NodeDone done) {
    return context_.run(
        check(request), {.order = nodes_, .timeout_ms = request.timeout_ms},
        [&] {
            return Call(lua::kNodeRemove)
                .key(nodes_)
                .key(context_.keys().plain("nodes:", request.node))
                .arg(request.node);
        },
        node_reply(context_, "node_remove", std::move(done)));
}

Submit RedisRegistry::node_list(const store::NodeListRequest& request, store::NodeDone done) {
    return context_.run(
        check(request), {.order = nodes_, .timeout_ms = request.timeout_ms},
        [&] {
            return Call(lua::kNodeList)
                .key(nodes_)
                .key(context_.keys().plain("nodes:"))
                .arg(context_.limits().node_forget_ms);
        },
        node_reply(context_, "node_list", std::move(done)));
}

}  // namespace streamhost::redis
