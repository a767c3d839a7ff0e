#include "presence.hpp"

#include "streamhost/json.hpp"

namespace session {

std::string PresenceEntry::json() const {
    return "{\"kind\":\"presence\",\"user\":" + streamhost::json_string(user) +
           ",\"node\":" + streamhost::json_string(node) + ",\"state\":\"" +
           (is_online ? "online" : "offline") + "\"}";
}

std::string Presence::key_of(std::uint64_t change) const {
    return "presence:" + incarnation_ + ":" + std::to_string(change);
}

void Presence::want(Map::value_type& one) {
    if (one.second.is_queued || one.second.is_under_way) return;
    one.second.is_queued = true;
    due_.push_back(one.first);
}

void Presence::change(Map::value_type& one) {
    one.second.change = ++last_change_;
    want(one);
}

void Presence::came(const std::string& session, const std::string& user) {
    const auto [found, is_new] = here_.try_emplace(session);
    Here& here = found->second;
    const bool is_change = is_new || !here.is_here || here.user != user;
    if (!is_new && here.user != user) here.said = Said::kPerhapsOnline;
    here.user = user;
    here.is_here = true;
    here.went_ms.reset();
    if (is_change) change(*found);
}

void Presence::went(const std::string& session, std::int64_t now_ms) {
    const auto found = here_.find(session);
    if (found != here_.end()) found->second.went_ms = now_ms;
}

void Presence::reaped(const std::string& session, const std::string& node, const std::string& user) {
    if (node == node_) return was_reaped(session);
    if (foreign_.size() < kMaxForeign)
        foreign_.push_back({session, user, node, false, key_of(++last_change_)});
}

void Presence::was_reaped(const std::string& session) {
    const auto found = here_.find(session);
    if (found == here_.end() || !found->second.is_here) return;
    found->second.said = Said::kPerhapsOnline;
    change(*found);
}

void Presence::close() {
    for (auto& one : here_) {
        one.second.went_ms.reset();
        if (!std::exchange(one.second.is_here, false)) continue;
        change(one);
    }
}

void Presence::tick(std::int64_t now_ms) {
    while (!late_.empty() && foreign_.size() < kMaxForeign) {
        foreign_.push_back(std::move(late_.front()));
        late_.pop_front();
    }
    for (auto& one : here_) {
        Here& here = one.second;
        if (here.went_ms && now_ms - *here.went_ms >= linger_ms_) {
            here.went_ms.reset();
            here.is_here = false;
            change(one);
        }
        if (!is_settled(here)) want(one);  // what was not written
    }
}

std::optional<PresenceEntry> Presence::next() {
    if (in_flight_ >= kWindow) return std::nullopt;
    while (!due_.empty()) {
        const auto found = here_.find(due_.front());
        due_.pop_front();
        Here& here = found->second;
        here.is_queued = false;
        if (is_settled(here)) {
            if (!here.is_here) here_.erase(found);  // came and went unsaid
            continue;
        }
        if (here.is_here) here.said = Said::kPerhapsOnline;
        here.is_under_way = true;
        ++in_flight_;
        return PresenceEntry{found->first, here.user, node_, here.is_here, key_of(here.change)};
    }
    if (foreign_.empty()) return std::nullopt;
    PresenceEntry entry = std::move(foreign_.front());
    foreign_.pop_front();
    ++in_flight_;
    return entry;
}

void Presence::answered(const PresenceEntry& entry, bool is_written) {
    --in_flight_;
    if (entry.node != node_) {
        if (!is_written && late_.size() < kMaxForeign) late_.push_back(entry);
        return;
    }
    const auto found = here_.find(entry.session);
    Here& here = found->second;
    here.is_under_way = false;
    if (!is_written) return;  // the next tick
    const bool is_latest = entry.key == key_of(here.change);
    if (is_latest || !entry.is_online) here.said = entry.is_online ? Said::kOnline : Said::kNothing;
    if (!is_settled(here)) return want(*found);
    if (!here.is_here) here_.erase(found);
}

}  // namespace session
