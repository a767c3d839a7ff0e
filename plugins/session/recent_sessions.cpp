#include "recent_sessions.hpp"

#include <utility>

namespace session {

void RecentSessions::note(Left left) {
    forget(left.session);
    expire(left.gone_ms);
    if (order_.size() == kMax) forget(order_.front().session);
    const auto place = order_.insert(order_.end(), std::move(left));
    places_.emplace(place->session, place);
}

void RecentSessions::forget(std::string_view session) {
    const auto found = places_.find(session);
    if (found == places_.end()) return;
    const auto place = found->second;
    places_.erase(found);  // its key is a view of what goes now
    order_.erase(place);
}

void RecentSessions::expire(std::int64_t now_ms) {
    while (!order_.empty() && now_ms - order_.front().gone_ms >= kKeptMs)
        forget(order_.front().session);
}

const RecentSessions::Left* RecentSessions::find(std::string_view session, std::int64_t now_ms) const {
    const auto found = places_.find(session);
    if (found == places_.end() || now_ms - found->second->gone_ms >= kKeptMs) return nullptr;
    return &*found->second;
}

std::string_view RecentSessions::user_of(std::string_view session) const {
    const auto found = places_.find(session);
    return found == places_.end() ? std::string_view() : found->second->user;
}

}  // namespace session
