#pragma once
// The session entries in the three orders in which they are asked for: by name, by user, by lapse.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace streamhost::store::memory {

struct SessionLease {
    std::string session;
    std::string node;
    std::string user;
    std::string data;
    std::int64_t end_ms = 0;

    [[nodiscard]] std::uint64_t cost() const noexcept {
        return 480 + session.size() + node.size() + user.size() + data.size();
    }
};

/// Pointers it gives out hold until the next change. [store]
class SessionIndex {
public:
    using Name = std::pair<std::string_view, std::string_view>;  // session, node

    [[nodiscard]] const SessionLease* find(std::string_view session, std::string_view node) const;
    void put(SessionLease lease);
    void renew(std::string_view session, std::string_view node, std::int64_t end_ms);
    bool remove(std::string_view session, std::string_view node);

    /// Entries after `after` in order of name, at most `most`, whose lease ends after `end_after_ms`.
    /// `session` and `user`: only theirs, where not empty.
    [[nodiscard]] std::vector<const SessionLease*> list(std::string_view session, std::string_view user,
                                                        Name after, std::size_t most,
                                                        std::int64_t end_after_ms) const;
    /// Entries whose lease ended at `end_by_ms` or before, longest lapsed first, at most `most`; `node`: only
    /// its, where not empty.
    [[nodiscard]] std::vector<const SessionLease*> lapsed(std::int64_t end_by_ms, std::string_view node,
                                                          std::size_t most) const;
    [[nodiscard]] std::size_t size() const noexcept { return by_name_.size(); }

private:
    using UserKey = std::tuple<std::string_view, std::string_view, std::string_view>;  // user, session, node
    using LapseKey = std::tuple<std::int64_t, std::string_view, std::string_view>;     // end, session, node

    static UserKey user_key(const SessionLease& lease) { return {lease.user, lease.session, lease.node}; }
    static LapseKey lapse_key(const SessionLease& lease) { return {lease.end_ms, lease.session, lease.node}; }

    // Names point into the entries, which never move.
    std::map<Name, std::unique_ptr<SessionLease>> by_name_;
    std::map<UserKey, const SessionLease*> by_user_;
    std::map<LapseKey, const SessionLease*> by_lapse_;
};

}  // namespace streamhost::store::memory
