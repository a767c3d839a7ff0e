#include <string>
#include <vector>

#include "streamhost/json.hpp"

#include "bridge/buffers.hpp"
#include "bridge/store_calls.hpp"

namespace streamhost::bridge {

namespace {

void session_result(const store::SessionResult& result, sh_result& out) {
    set_status(result.status, out);
    out.count = result.total;
    const std::string entries = json_array(result.entries, [](const store::SessionEntry& entry) {
        return "{\"session\":" + json_string(entry.session) + ",\"node\":" + json_string(entry.node) +
               ",\"user\":" + json_string(entry.user) + ",\"data\":" + json_string(entry.data) +
               ",\"left_ms\":" + std::to_string(entry.left_ms) + "}";
    });
    out.body =
        make_buffer("{\"entries\":" + entries + ",\"last_node\":" + json_string(result.last_node) + "}");
}

void missing_result(const store::SessionResult& result, sh_result& out) {
    set_status(result.status, out);
    out.body = make_buffer(json_array(result.missing));
}

void node_result(const store::NodeResult& result, sh_result& out) {
    set_status(result.status, out);
    out.body = make_buffer(json_array(result.nodes, [](const store::NodeEntry& entry) {
        return "{\"node\":" + json_string(entry.node) + ",\"data\":" + json_string(entry.data) +
               ",\"left_ms\":" + std::to_string(entry.left_ms) + "}";
    }));
}

sh_status session_put(const sh_host* host, const sh_store_session* entry, std::uint64_t token) {
    if (!on_store("store.session_put")) return SH_WRONG_ROLE;
    return to_status(
        hub_of(host).store().registry().session_put({.session = view(entry->session),
                                                     .node = view(entry->node),
                                                     .user = view(entry->user),
                                                     .data = view(entry->data),
                                                     .lease_ms = entry->lease_ms},
                                                    hub_of(host).answer(host, token, session_result)));
}

sh_status session_renew(const sh_host* host, sh_bytes node, const sh_bytes* sessions, std::uint32_t count,
                        std::uint32_t lease_ms, std::uint64_t token) {
    if (!on_store("store.session_renew")) return SH_WRONG_ROLE;
    std::vector<std::string_view> ids;
    for (std::uint32_t index = 0; index < count; ++index)
        ids.push_back(view(sessions[index]));
    return to_status(hub_of(host).store().registry().session_renew(
        {.node = view(node), .sessions = ids, .lease_ms = lease_ms},
        hub_of(host).answer(host, token, missing_result)));
}

sh_status session_remove(const sh_host* host, sh_bytes session, sh_bytes node, std::uint64_t token) {
    if (!on_store("store.session_remove")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().session_remove(
        {.session = view(session), .node = view(node)}, hub_of(host).answer(host, token, session_result)));
}

sh_status session_list(const sh_host* host, sh_bytes session, sh_bytes user, std::uint32_t max,
                       std::uint64_t token) {
    if (!on_store("store.session_list")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().session_list(
        {.session = view(session), .user = view(user), .max = max},
        hub_of(host).answer(host, token, session_result)));
}

sh_status session_expire(const sh_host* host, std::uint32_t lapsed_ms, std::uint32_t max,
                         std::uint64_t token) {
    if (!on_store("store.session_expire")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().session_expire(
        {.lapsed_ms = lapsed_ms, .max = max}, hub_of(host).answer(host, token, session_result)));
}

sh_status node_put(const sh_host* host, sh_bytes node, sh_bytes data, std::uint32_t lease_ms,
                   std::uint64_t token) {
    if (!on_store("store.node_put")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().node_put(
        {.node = view(node), .data = view(data), .lease_ms = lease_ms},
        hub_of(host).answer(host, token, node_result)));
}

sh_status node_remove(const sh_host* host, sh_bytes node, std::uint64_t token) {
    if (!on_store("store.node_remove")) return SH_WRONG_ROLE;
    return to_status(hub_of(host).store().registry().node_remove(
        {.node = view(node)}, hub_of(host).answer(host, token, node_result)));
}

sh_status node_list(const sh_host* host, std::uint64_t token) {
    if (!on_store("store.node_list")) return SH_WRONG_ROLE;
    return to_status(
        hub_of(host).store().registry().node_list({}, hub_of(host).answer(host, token, node_result)));
}

}  // namespace

void fill_registry(sh_store_ext& table) {
    table.session_put = &session_put;
    table.session_renew = &session_renew;
    table.session_remove = &session_remove;
    table.session_list = &session_list;
    table.session_expire = &session_expire;
    table.node_put = &node_put;
    table.node_remove = &node_remove;
    table.node_list = &node_list;
}

}  // namespace streamhost::bridge
