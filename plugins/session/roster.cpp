#include "roster.hpp"

#include <algorithm>

#include "streamhost/json.hpp"

#include "owner_check.hpp"

namespace session {

namespace {

constexpr std::int64_t kTrustOwnerMs = 60'000;

bool is_gone(sh_status status) { return status == SH_OK || status == SH_NOT_FOUND; }

}  // namespace

void Roster::want(const std::string& session, Entry& entry) {
    entry.is_dirty = true;
    if (entry.is_queued || entry.is_under_way) return;
    entry.is_queued = true;
    due_.push_back(session);
}

void Roster::admit(Entry& entry, const Member& member) {
    if (entry.connections.empty()) {
        ++open_;
        entry.since_ms = member.since_ms;
        entry.created_ms = entry.created_ms == 0 ? member.created_ms : entry.created_ms;
    }
    recent_.forget(member.session);
    entry.is_disowned = false;
    entry.connections.push_back({member.connection, member.user, member.is_guest});
    homes_.emplace(member.connection, member.session);
    if (member.is_guest && !entry.user.empty()) return;
    if (entry.user != member.user) entry.owned_until_ms = 0;
    entry.user = member.user;
    entry.is_guests = member.is_guest;
    entry.client = member.client;
}

sh_status Roster::join(const Member& member) {
    if (is_closed_) return SH_UNAVAILABLE;
    if (homes_.contains(member.connection)) return SH_CONFLICT;
    if (is_held(member)) return SH_FORBIDDEN;
    Entry& entry = entries_[member.session];
    admit(entry, member);
    want(member.session, entry);
    return SH_OK;
}

// The owner's key may have lapsed under connections that stayed; while they are here it is theirs.
bool Roster::is_held(const Member& member) const {
    const auto found = entries_.find(member.session);
    if (member.is_guest || found == entries_.end()) return false;
    const Entry& entry = found->second;
    return !entry.connections.empty() && !entry.is_guests && entry.user != kAnonymous &&
           entry.user != member.user;
}

std::string Roster::leave(sh_connection connection, std::int64_t now_ms) {
    const auto home = homes_.find(connection);
    if (home == homes_.end()) return {};
    const auto found = entries_.find(home->second);
    Entry& entry = found->second;
    std::erase_if(entry.connections, [&](const Connection& one) { return one.id == connection; });
    if (entry.connections.empty()) {
        entry.gone_ms = now_ms;
        --open_;
        doubted_.erase(found->first);
        if (!entry.is_disowned && !entry.is_guests)
            recent_.note({found->first, entry.user, entry.created_ms, now_ms});
    }
    homes_.erase(home);
    want(found->first, entry);
    return entry.connections.empty() ? found->first : std::string();
}

void Roster::close(std::int64_t now_ms) {
    if (is_closed_) return;
    is_closed_ = true;
    chores_.clear();
    chores_.push_back({Command::Kind::kNodeRemove, {}, {}, {}});
    homes_.clear();
    doubted_.clear();
    open_ = 0;
    for (auto& [session, entry] : entries_) {
        entry.connections.clear();
        entry.gone_ms = now_ms;
        want(session, entry);
    }
}

Command Roster::node_put() const {
    const std::string data = "{\"sessions\":" + std::to_string(open_) +
                             ",\"connections\":" + std::to_string(homes_.size()) +
                             ",\"server\":" + streamhost::json_string(options_.server) +
                             ",\"incarnation\":" + streamhost::json_string(options_.incarnation) + "}";
    return {Command::Kind::kNodePut, {}, {}, data};
}

// What a write brings itself needs no renewal.
void Roster::plan_renewals() {
    Command renew{Command::Kind::kRenew, {}, {}, {}};
    for (const auto& [session, entry] : entries_) {
        if (entry.connections.empty() || entry.is_queued || entry.is_under_way) continue;
        renew.sessions.push_back(session);
        if (renew.sessions.size() < kRenewBatch) continue;
        chores_.push_back(std::move(renew));
        renew = {Command::Kind::kRenew, {}, {}, {}};
    }
    if (!renew.sessions.empty()) chores_.push_back(std::move(renew));
}

// Writes that failed are tried once a heartbeat. A removal that fails for a whole lease has become needless.
void Roster::retry_writes(std::int64_t now_ms) {
    for (auto at = entries_.begin(); at != entries_.end();) {
        Entry& entry = at->second;
        const bool is_waiting = entry.is_dirty && !entry.is_queued && !entry.is_under_way;
        if (is_waiting && entry.connections.empty() && now_ms - entry.gone_ms >= options_.ttl_ms) {
            at = entries_.erase(at);
            continue;
        }
        if (is_waiting) want(at->first, entry);
        ++at;
    }
}

void Roster::tick(std::int64_t now_ms) {
    // Stopped for longer than a lease: what this node knows of the others is as old.
    if (last_tick_ms_ >= 0 && now_ms - last_tick_ms_ > options_.ttl_ms) healthy_since_ms_ = -1;
    last_tick_ms_ = now_ms;
    recent_.expire(now_ms);
    if (is_closed_) return;
    retry_writes(now_ms);
    if (!chores_.empty() || chores_in_flight_ > 0) return;  // the last heartbeat is not over yet
    chores_.push_back(node_put());
    plan_renewals();
    is_expiry_due_ = healthy_since_ms_ >= 0 && now_ms - healthy_since_ms_ >= options_.ttl_ms;
}

// Behind the answers to all other chores of the heartbeat, and only when they were good.
void Roster::plan_expiry() {
    if (!is_expiry_due_ || !chores_.empty() || chores_in_flight_ > 0) return;
    is_expiry_due_ = false;
    if (healthy_since_ms_ >= 0 && !is_closed_) chores_.push_back({Command::Kind::kExpire, {}, {}, {}});
}

std::optional<Command> Roster::write_of(const std::string& session, Entry& entry) const {
    entry.is_under_way = true;
    entry.is_dirty = false;
    if (entry.connections.empty()) return Command{Command::Kind::kRemove, {session}, {}, {}};
    std::string data = "{\"connections\":" + std::to_string(entry.connections.size()) +
                       ",\"since\":" + std::to_string(entry.since_ms) +
                       ",\"created\":" + std::to_string(entry.created_ms) +
                       ",\"client\":" + streamhost::json_string(entry.client) + "}";
    return Command{Command::Kind::kPut, {session}, entry.user, std::move(data)};
}

std::optional<Command> Roster::next() {
    if (in_flight_ >= kWindow) return std::nullopt;
    if (!chores_.empty() && chores_in_flight_ < kChoreWindow) {
        Command chore = std::move(chores_.front());
        chores_.pop_front();
        ++in_flight_;
        ++chores_in_flight_;
        return chore;
    }
    if (due_.empty()) return std::nullopt;
    const std::string session = std::move(due_.front());
    due_.pop_front();
    ++in_flight_;
    Entry& entry = entries_.at(session);
    entry.is_queued = false;
    return write_of(session, entry);
}

void Roster::answered(const Command& command, const Outcome& outcome, std::int64_t now_ms) {
    --in_flight_;
    if (command.kind == Command::Kind::kPut || command.kind == Command::Kind::kRemove)
        return answered_write(command, outcome.status);
    --chores_in_flight_;
    answered_chore(command, outcome, now_ms);
    plan_expiry();
}

void Roster::answered_write(const Command& command, sh_status status) {
    const auto found = entries_.find(command.sessions.front());
    Entry& entry = found->second;
    entry.is_under_way = false;
    const bool has_changed = entry.is_dirty;
    const bool is_removal = command.kind == Command::Kind::kRemove;
    const bool has_failed = is_removal ? !is_gone(status) : status != SH_OK;
    if (!has_failed && is_removal && entry.connections.empty()) {
        entries_.erase(found);
        return;
    }
    // What changed meanwhile is written at once; what failed waits for the heartbeat.
    if (has_changed && !has_failed) return want(found->first, entry);
    entry.is_dirty = has_failed;
    // There is no further heartbeat: the lease ends by itself.
    if (is_closed_ && has_failed) entries_.erase(found);
}

void Roster::write_again(const std::string& session) {
    const auto found = entries_.find(session);
    if (found == entries_.end() || found->second.connections.empty()) return;
    want(found->first, found->second);
}

void Roster::answered_chore(const Command& command, const Outcome& outcome, std::int64_t now_ms) {
    for (const std::string& session : outcome.missing) {
        write_again(session);
        doubt(session);  // a store that lost it may have lost whose it is
    }
    for (const auto& [session, node] : outcome.lapsed)
        if (node == options_.node) write_again(session);
    if (outcome.status != SH_OK) {
        healthy_since_ms_ = -1;
        has_lost_store_ = true;
        return;
    }
    if (command.kind == Command::Kind::kNodePut) {
        has_lost_store_ = false;
        if (healthy_since_ms_ < 0) healthy_since_ms_ = now_ms;
    }
    if (command.kind == Command::Kind::kExpire && outcome.lapsed.size() == kExpirePage && !is_closed_)
        chores_.push_back({Command::Kind::kExpire, {}, {}, {}});
}

bool Roster::has(std::string_view session) const {
    const auto found = entries_.find(std::string(session));
    return found != entries_.end() && !found->second.connections.empty();
}

std::vector<sh_connection> Roster::connections_of(std::string_view session) const {
    std::vector<sh_connection> ids;
    const auto found = entries_.find(std::string(session));
    if (found == entries_.end()) return ids;
    for (const Connection& one : found->second.connections)
        ids.push_back(one.id);
    return ids;
}

std::vector<sh_connection> Roster::strangers_of(std::string_view session) const {
    std::vector<sh_connection> ids;
    const auto found = entries_.find(std::string(session));
    if (found == entries_.end()) return ids;
    for (const Connection& one : found->second.connections)
        if (!one.is_guest && one.user != found->second.user) ids.push_back(one.id);
    return ids;
}

std::int64_t Roster::created_ms(std::string_view session) const {
    const auto found = entries_.find(std::string(session));
    return found == entries_.end() ? 0 : found->second.created_ms;
}

std::string Roster::user_of(std::string_view session) const {
    const auto found = entries_.find(std::string(session));
    return found == entries_.end() ? std::string() : found->second.user;
}

void Roster::note_owner(std::string_view session, std::string_view user, std::int64_t now_ms) {
    const auto found = entries_.find(std::string(session));
    if (found == entries_.end() || found->second.user != user || user == kAnonymous) return;
    found->second.owned_until_ms = now_ms + kTrustOwnerMs;
}

bool Roster::is_owner(std::string_view session, std::string_view user, std::int64_t now_ms) const {
    const auto found = entries_.find(std::string(session));
    return found != entries_.end() && found->second.user == user && now_ms < found->second.owned_until_ms;
}

std::optional<std::int64_t> Roster::known_since(std::string_view session, std::string_view user,
                                                std::int64_t now_ms) const {
    const auto found = entries_.find(std::string(session));
    if (found != entries_.end() && !found->second.connections.empty()) {
        const Entry& entry = found->second;
        if (entry.user != user || entry.is_disowned || entry.is_guests) return std::nullopt;
        return entry.created_ms;
    }
    const RecentSessions::Left* left = recent_.find(session, now_ms);
    if (left == nullptr || left->user != user) return std::nullopt;
    return left->created_ms;
}

void Roster::doubt(const std::string& session) {
    if (has(session)) doubted_.insert(session);
}

void Roster::doubt_all() {
    for (const auto& [session, entry] : entries_)
        if (!entry.connections.empty() && !entry.is_guests) doubted_.insert(session);
}

std::optional<Claim> Roster::next_claim() {
    if (doubted_.empty()) return std::nullopt;
    std::string session = std::move(doubted_.extract(doubted_.begin()).value());
    std::string user = entries_.at(session).user;
    return Claim{std::move(session), std::move(user)};
}

std::vector<sh_connection> Roster::disown(const Claim& claim) {
    refused(claim);
    const auto found = entries_.find(claim.session);
    if (found == entries_.end() || found->second.user != claim.user) return {};
    found->second.is_disowned = true;
    return connections_of(claim.session);
}

void Roster::refused(const Claim& claim) {
    if (recent_.user_of(claim.session) == claim.user) recent_.forget(claim.session);
}

}  // namespace session
