#pragma once
// Which sessions are on which node, and which nodes there are. Every entry is a lease of the node that wrote
// it: it goes when its owner stops renewing, and nobody can remove the live entry of another (nodes that
// "clean up" each other's sessions empty the registry).
//
// An entry is named by (session, node): two tabs on two nodes are two entries. The last node of a session
// outlives its entries.

#include <cstdint>
#include <span>
#include <string_view>

#include "streamhost/unique_function.hpp"

#include "store/status.hpp"
#include "store/streams.hpp"

namespace streamhost::store {

inline constexpr std::size_t kMaxRenew = 256;  ///< sessions of one renewal
inline constexpr std::size_t kMaxPage = 1000;  ///< entries of one listing

/// Adds or replaces this node's entry. kOk.
struct SessionPutRequest {
    std::string_view session = {};
    std::string_view node = {};
    std::string_view user = {};
    std::string_view data = {};  ///< The node's own business, up to 4 KiB.
    std::uint32_t lease_ms = 0;  ///< 1 .. 1 h
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// kOk; `missing` lists the sessions without an entry of this node: put them again. A lapsed entry that still
/// exists is revived.
struct SessionRenewRequest {
    std::string_view node = {};
    std::span<const std::string_view> sessions = {};  ///< 1 .. kMaxRenew
    std::uint32_t lease_ms = 0;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Removes this node's entry. kOk · kNotFound.
struct SessionRemoveRequest {
    std::string_view session = {};
    std::string_view node = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Entries whose lease has not lapsed for more than `grace_ms` (after an outage nobody could renew: ask with
/// the outage's length). Set one of session, user, or neither (all, by pages). kOk, also with none.
struct SessionListRequest {
    std::string_view session = {};
    std::string_view user = {};
    std::string_view cursor = {};  ///< Empty: from the start; else of the last answer. Order is the store's.
    std::uint32_t max = 100;       ///< 1 .. kMaxPage
    std::uint32_t grace_ms = 0;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

/// Removes and returns entries that lapsed at least `lapsed_ms` ago, longest first: one node gets each. The
/// caller says which lapses count. kOk, also with none.
struct SessionExpireRequest {
    std::uint32_t lapsed_ms = 0;
    std::string_view node = {};  ///< Not empty: only this node's.
    std::uint32_t max = 100;     ///< 1 .. kMaxPage
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct SessionEntry {
    std::string_view session = {};
    std::string_view node = {};
    std::string_view user = {};
    std::string_view data = {};
    std::int64_t left_ms = 0;  ///< Negative: lapsed since.
};

struct SessionResult {
    Status status = Status::kGone;
    std::span<const SessionEntry> entries = {};      ///< list, expire
    std::span<const std::string_view> missing = {};  ///< renew
    std::string_view cursor = {};                    ///< list: empty at the end
    std::string_view last_node = {};  ///< list by session: of the newest put, also when no entry is left
    std::uint64_t total = 0;          ///< Entries known to the store, lapsed ones included.
};
using SessionDone = UniqueFunction<void(const SessionResult&)>;

/// A node and its lease. put: kOk, and what stood there before. remove: kOk · kNotFound. Lapsed nodes stay
/// listed for an hour, so that one can see who is missing.
struct NodePutRequest {
    std::string_view node = {};
    std::string_view data = {};  ///< Up to 4 KiB.
    std::uint32_t lease_ms = 0;
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct NodeRemoveRequest {
    std::string_view node = {};
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct NodeListRequest {
    std::uint32_t timeout_ms = kDefaultTimeoutMs;
};

struct NodeEntry {
    std::string_view node = {};
    std::string_view data = {};
    std::int64_t left_ms = 0;
};

struct NodeResult {
    Status status = Status::kGone;
    std::span<const NodeEntry> nodes = {};  ///< list: by name. put: what it replaced, if anything
};
using NodeDone = UniqueFunction<void(const NodeResult&)>;

/// [store]
class RegistryCommands {
public:
    virtual ~RegistryCommands() = default;

    [[nodiscard]] virtual Submit session_put(const SessionPutRequest& request, SessionDone done) = 0;
    [[nodiscard]] virtual Submit session_renew(const SessionRenewRequest& request, SessionDone done) = 0;
    [[nodiscard]] virtual Submit session_remove(const SessionRemoveRequest& request, SessionDone done) = 0;
    [[nodiscard]] virtual Submit session_list(const SessionListRequest& request, SessionDone done) = 0;
    [[nodiscard]] virtual Submit session_expire(const SessionExpireRequest& request, SessionDone done) = 0;

    [[nodiscard]] virtual Submit node_put(const NodePutRequest& request, NodeDone done) = 0;
    [[nodiscard]] virtual Submit node_remove(const NodeRemoveRequest& request, NodeDone done) = 0;
    [[nodiscard]] virtual Submit node_list(const NodeListRequest& request, NodeDone done) = 0;
};

}  // namespace streamhost::store
