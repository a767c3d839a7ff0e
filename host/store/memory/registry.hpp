#pragma once
// The registry of the memory driver: sessions and nodes as leases.

#include <map>
#include <string>
#include <vector>

#include "store/memory/core.hpp"
#include "store/memory/session_index.hpp"
#include "store/memory/swept_map.hpp"
#include "store/registry.hpp"

namespace streamhost::store::memory {

struct SessionAnswer {
    SessionResult result;
    std::vector<SessionLease> kept;
    std::vector<std::string> absent;
    std::string cursor;
    std::string last_node;
    std::int64_t now_ms = 0;
    std::vector<SessionEntry> entries;
    std::vector<std::string_view> missing;
    const SessionResult& view();
};

struct NodeAnswer {
    struct Kept {
        std::string node;
        std::string data;
        std::int64_t left_ms;
    };
    NodeResult result;
    std::vector<Kept> kept;
    std::vector<NodeEntry> nodes;
    const NodeResult& view();
};

/// [store]
class MemoryRegistry final : public RegistryCommands {
public:
    explicit MemoryRegistry(Core& core) : core_(core) {}

    Submit session_put(const SessionPutRequest& request, SessionDone done) override;
    Submit session_renew(const SessionRenewRequest& request, SessionDone done) override;
    Submit session_remove(const SessionRemoveRequest& request, SessionDone done) override;
    Submit session_list(const SessionListRequest& request, SessionDone done) override;
    Submit session_expire(const SessionExpireRequest& request, SessionDone done) override;

    Submit node_put(const NodePutRequest& request, NodeDone done) override;
    Submit node_remove(const NodeRemoveRequest& request, NodeDone done) override;
    Submit node_list(const NodeListRequest& request, NodeDone done) override;

    void sweep(std::size_t items);

private:
    struct LastNode {
        std::string node;
        std::int64_t touched_ms = 0;
    };
    struct Node {
        std::string data;
        std::int64_t end_ms = 0;
    };

    SessionAnswer put_now(const SessionPutRequest& request);
    SessionAnswer renew_now(const SessionRenewRequest& request);
    SessionAnswer list_now(const SessionListRequest& request);
    SessionAnswer expire_now(const SessionExpireRequest& request);
    NodeAnswer node_put_now(const NodePutRequest& request);
    void note_node(std::string_view session, std::string_view node);
    void drop(const SessionLease& lease);
    void drop_node(std::map<std::string, Node, std::less<>>::iterator at);
    [[nodiscard]] SessionAnswer session_answer(Status status) const;

    Core& core_;
    SessionIndex sessions_;
    SweptMap<LastNode> last_nodes_;
    std::map<std::string, Node, std::less<>> nodes_;
};

}  // namespace streamhost::store::memory
