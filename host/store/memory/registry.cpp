#include "store/memory/registry.hpp"

#include <iterator>
#include <limits>
#include <utility>

#include "store/validate.hpp"

namespace streamhost::store::memory {
namespace {

// Names hold no control characters, so this parts a cursor's two.
constexpr char kCursorSeparator = '\x1f';

std::uint64_t last_node_bytes(std::string_view session, std::string_view node) noexcept {
    return 160 + session.size() + node.size();
}

std::uint64_t node_bytes(std::string_view node, std::string_view data) noexcept {
    return 160 + node.size() + data.size();
}

}  // namespace

const SessionResult& SessionAnswer::view() {
    entries.clear();
    for (const SessionLease& lease : kept)
        entries.push_back({lease.session, lease.node, lease.user, lease.data, lease.end_ms - now_ms});
    missing.assign(absent.begin(), absent.end());
    result.entries = entries;
    result.missing = missing;
    result.cursor = cursor;
    result.last_node = last_node;
    return result;
}

const NodeResult& NodeAnswer::view() {
    nodes.clear();
    for (const Kept& node : kept)
        nodes.push_back({node.node, node.data, node.left_ms});
    result.nodes = nodes;
    return result;
}

SessionAnswer MemoryRegistry::session_answer(Status status) const {
    SessionAnswer answer;
    answer.result.status = status;
    answer.result.total = sessions_.size();
    answer.now_ms = core_.now();
    return answer;
}

Submit MemoryRegistry::session_put(const SessionPutRequest& request, SessionDone done) {
    return core_.run<SessionAnswer>(check(request), std::move(done), [&] { return put_now(request); });
}

SessionAnswer MemoryRegistry::put_now(const SessionPutRequest& request) {
    SessionLease lease{std::string(request.session), std::string(request.node), std::string(request.user),
                       std::string(request.data), core_.now() + request.lease_ms};
    if (!core_.account.fits(lease.cost())) return session_answer(Status::kExhausted);
    if (const SessionLease* before = sessions_.find(request.session, request.node)) drop(*before);
    core_.account.add(lease.cost());
    sessions_.put(std::move(lease));
    note_node(request.session, request.node);
    return session_answer(Status::kOk);
}

void MemoryRegistry::note_node(std::string_view session, std::string_view node) {
    LastNode& last = last_nodes_.at(session).second;
    if (last.touched_ms != 0) core_.account.remove(last_node_bytes(session, last.node));
    last = {std::string(node), core_.now()};
    core_.account.add(last_node_bytes(session, node));
}

void MemoryRegistry::drop(const SessionLease& lease) {
    core_.account.remove(lease.cost());
    sessions_.remove(lease.session, lease.node);
}

Submit MemoryRegistry::session_renew(const SessionRenewRequest& request, SessionDone done) {
    return core_.run<SessionAnswer>(check(request), std::move(done), [&] { return renew_now(request); });
}

SessionAnswer MemoryRegistry::renew_now(const SessionRenewRequest& request) {
    SessionAnswer answer = session_answer(Status::kOk);
    for (const std::string_view session : request.sessions) {
        if (sessions_.find(session, request.node))
            sessions_.renew(session, request.node, core_.now() + request.lease_ms);
        else
            answer.absent.emplace_back(session);
        if (LastNode* last = last_nodes_.find(session)) last->touched_ms = core_.now();
    }
    return answer;
}

Submit MemoryRegistry::session_remove(const SessionRemoveRequest& request, SessionDone done) {
    return core_.run<SessionAnswer>(check(request), std::move(done), [&] {
        const SessionLease* lease = sessions_.find(request.session, request.node);
        if (!lease) return session_answer(Status::kNotFound);
        drop(*lease);
        return session_answer(Status::kOk);
    });
}

Submit MemoryRegistry::session_list(const SessionListRequest& request, SessionDone done) {
    return core_.run<SessionAnswer>(check(request), std::move(done), [&] { return list_now(request); });
}

SessionAnswer MemoryRegistry::list_now(const SessionListRequest& request) {
    SessionAnswer answer = session_answer(Status::kOk);
    const auto parting = request.cursor.find(kCursorSeparator);
    SessionIndex::Name after;
    if (parting != std::string_view::npos)
        after = {request.cursor.substr(0, parting), request.cursor.substr(parting + 1)};
    const auto found = sessions_.list(request.session, request.user, after, request.max + std::size_t{1},
                                      core_.now() - request.grace_ms);
    for (const SessionLease* lease : found) {
        if (answer.kept.size() == request.max) {
            const SessionLease& last = answer.kept.back();
            answer.cursor = last.session + kCursorSeparator + last.node;
            break;
        }
        answer.kept.push_back(*lease);
    }
    const LastNode* last = request.session.empty() ? nullptr : last_nodes_.find(request.session);
    if (last && core_.now() - last->touched_ms < core_.limits().last_node_ms) answer.last_node = last->node;
    return answer;
}

Submit MemoryRegistry::session_expire(const SessionExpireRequest& request, SessionDone done) {
    return core_.run<SessionAnswer>(check(request), std::move(done), [&] { return expire_now(request); });
}

SessionAnswer MemoryRegistry::expire_now(const SessionExpireRequest& request) {
    SessionAnswer answer;
    for (const SessionLease* lease :
         sessions_.lapsed(core_.now() - request.lapsed_ms, request.node, request.max))
        answer.kept.push_back(*lease);
    for (const SessionLease& lease : answer.kept)
        drop(lease);
    answer.result.status = Status::kOk;
    answer.result.total = sessions_.size();
    answer.now_ms = core_.now();
    return answer;
}

Submit MemoryRegistry::node_put(const NodePutRequest& request, NodeDone done) {
    return core_.run<NodeAnswer>(check(request), std::move(done), [&] { return node_put_now(request); });
}

NodeAnswer MemoryRegistry::node_put_now(const NodePutRequest& request) {
    const std::uint64_t cost = node_bytes(request.node, request.data);
    if (!core_.account.fits(cost)) return {{Status::kExhausted, {}}, {}, {}};
    NodeAnswer answer{{Status::kOk, {}}, {}, {}};
    if (const auto before = nodes_.find(request.node); before != nodes_.end()) {
        answer.kept.push_back({before->first, before->second.data, before->second.end_ms - core_.now()});
        drop_node(before);
    }
    core_.account.add(cost);
    nodes_.emplace(request.node, Node{std::string(request.data), core_.now() + request.lease_ms});
    return answer;
}

void MemoryRegistry::drop_node(std::map<std::string, Node, std::less<>>::iterator at) {
    core_.account.remove(node_bytes(at->first, at->second.data));
    nodes_.erase(at);
}

Submit MemoryRegistry::node_remove(const NodeRemoveRequest& request, NodeDone done) {
    return core_.run<NodeAnswer>(check(request), std::move(done), [&]() -> NodeAnswer {
        const auto found = nodes_.find(request.node);
        if (found == nodes_.end()) return {{Status::kNotFound, {}}, {}, {}};
        drop_node(found);
        return {{Status::kOk, {}}, {}, {}};
    });
}

Submit MemoryRegistry::node_list(const NodeListRequest& request, NodeDone done) {
    return core_.run<NodeAnswer>(check(request), std::move(done), [&] {
        NodeAnswer answer;
        answer.result.status = Status::kOk;
        for (const auto& [name, node] : nodes_) {
            const std::int64_t left = node.end_ms - core_.now();
            if (left > -core_.limits().node_forget_ms) answer.kept.push_back({name, node.data, left});
        }
        return answer;
    });
}

void MemoryRegistry::sweep(std::size_t items) {
    const std::int64_t now = core_.now();
    for (auto at = nodes_.begin(); at != nodes_.end();) {
        const auto next = std::next(at);
        if (now - at->second.end_ms >= core_.limits().node_forget_ms) drop_node(at);
        at = next;
    }
    const auto old = [&](const std::string&, const LastNode& last) {
        return now - last.touched_ms >= core_.limits().last_node_ms;
    };
    for (const std::string& session : last_nodes_.sweep(items, old)) {
        core_.account.remove(last_node_bytes(session, last_nodes_.find(session)->node));
        last_nodes_.erase(session);
    }
    // Nobody reaps: entries of nodes that never came back must not stay for ever.
    std::vector<SessionLease> forgotten;
    for (const SessionLease* lease : sessions_.lapsed(now - core_.limits().last_node_ms, {}, items))
        forgotten.push_back(*lease);
    for (const SessionLease& lease : forgotten)
        drop(lease);
}

}  // namespace streamhost::store::memory
