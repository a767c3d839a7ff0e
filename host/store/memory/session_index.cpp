#include "store/memory/session_index.hpp"

namespace streamhost::store::memory {

const SessionLease* SessionIndex::find(std::string_view session, std::string_view node) const {
    const auto found = by_name_.find(Name{session, node});
    return found == by_name_.end() ? nullptr : found->second.get();
}

void SessionIndex::put(SessionLease lease) {
    remove(lease.session, lease.node);
    auto kept = std::make_unique<SessionLease>(std::move(lease));
    const SessionLease& at = *kept;
    by_user_.emplace(user_key(at), &at);
    by_lapse_.emplace(lapse_key(at), &at);
    by_name_.emplace(Name{at.session, at.node}, std::move(kept));
}

void SessionIndex::renew(std::string_view session, std::string_view node, std::int64_t end_ms) {
    const auto found = by_name_.find(Name{session, node});
    if (found == by_name_.end()) return;
    by_lapse_.erase(lapse_key(*found->second));
    found->second->end_ms = end_ms;
    by_lapse_.emplace(lapse_key(*found->second), found->second.get());
}

bool SessionIndex::remove(std::string_view session, std::string_view node) {
    const auto found = by_name_.find(Name{session, node});
    if (found == by_name_.end()) return false;
    // The keys view the entry: it must outlive them.
    const std::unique_ptr<SessionLease> gone = std::move(found->second);
    by_user_.erase(user_key(*gone));
    by_lapse_.erase(lapse_key(*gone));
    by_name_.erase(found);
    return true;
}

std::vector<const SessionLease*> SessionIndex::list(std::string_view session, std::string_view user,
                                                    Name after, std::size_t most,
                                                    std::int64_t end_after_ms) const {
    std::vector<const SessionLease*> found;
    const auto take = [&](const SessionLease& lease) {
        if (lease.end_ms > end_after_ms) found.push_back(&lease);
        return found.size() < most;
    };
    if (!user.empty()) {
        auto at = by_user_.upper_bound(UserKey{user, after.first, after.second});
        for (; at != by_user_.end() && std::get<0>(at->first) == user; ++at)
            if (!take(*at->second)) break;
        return found;
    }
    const Name from = after.first.empty() ? Name{session, {}} : after;
    for (auto at = by_name_.upper_bound(from); at != by_name_.end(); ++at) {
        if (!session.empty() && at->first.first != session) break;
        if (!take(*at->second)) break;
    }
    return found;
}

std::vector<const SessionLease*> SessionIndex::lapsed(std::int64_t end_by_ms, std::string_view node,
                                                      std::size_t most) const {
    std::vector<const SessionLease*> found;
    for (const auto& [key, lease] : by_lapse_) {
        if (lease->end_ms > end_by_ms || found.size() == most) break;
        if (node.empty() || lease->node == node) found.push_back(lease);
    }
    return found;
}

}  // namespace streamhost::store::memory
