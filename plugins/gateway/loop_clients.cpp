#include <vector>

#include "call.hpp"
#include "client.hpp"
#include "door.hpp"

namespace gateway {

void LoopClients::add(sh_connection id, Client& client) {
    clients_.emplace(id, &client);
    await_hello(id);
}

void LoopClients::await_hello(sh_connection id) {
    arrivals_.push_back({id, door.host.monotonic_ms() + door.limits.hello_ms});
}

void LoopClients::remove(sh_connection id) {
    clients_.erase(id);
    roll_call.remove(id);
    owed.remove(id);
    expiries.remove(id);
}

Client* LoopClients::find(sh_connection id) const {
    const auto found = clients_.find(id);
    return found == clients_.end() ? nullptr : found->second;
}

std::uint64_t LoopClients::add_call(Call& call) {
    calls_.emplace(++last_call_, &call);
    return last_call_;
}

void LoopClients::add_reader(sh_connection id, Call& call) { readers_[id] = &call; }

void LoopClients::remove_call(std::uint64_t number, sh_connection id) {
    const auto reader = readers_.find(id);
    if (reader != readers_.end() && reader->second == find_call(number)) {
        readers_.erase(reader);
        expiries.remove(id);
    }
    calls_.erase(number);
}

Call* LoopClients::find_call(std::uint64_t number) const {
    const auto found = calls_.find(number);
    return found == calls_.end() ? nullptr : found->second;
}

void LoopClients::sweep(std::int64_t now_ms, std::int64_t wall_ms) {
    while (!arrivals_.empty() && arrivals_.front().due_ms <= now_ms) {
        if (const Client* client = find(arrivals_.front().id)) client->hello_is_due();
        arrivals_.pop_front();
    }
    if (door.needs_token) close_ended(now_ms, wall_ms);
    if (const std::uint64_t limiter = door.services.limiter(); limiter != 0 && limiter != limiter_) {
        limiter_ = limiter;
        each([](auto& one) { one.enter_again(); });
    }
    roll_call.tick(now_ms);
    if (door.is_store_up.load(std::memory_order_relaxed)) owed.tick(now_ms);
}

void LoopClients::close_ended(std::int64_t now_ms, std::int64_t wall_ms) {
    for (const sh_connection id : expiries.due(wall_ms)) {
        if (const Client* client = find(id)) client->token_has_expired();
        if (const auto reader = readers_.find(id); reader != readers_.end())
            reader->second->token_has_expired();
    }
    const auto revision = door.services.auth_revision();
    if (revision || auth_seen_ms_ == 0) auth_seen_ms_ = now_ms;
    if (!revision) {
        if (now_ms - auth_seen_ms_ < kWithoutAuthMs) return;
        auth_seen_ms_ = now_ms;
        return each([](const auto& one) { one.nobody_can_judge(); });
    }
    if (*revision == auth_revision_) return;
    auth_revision_ = *revision;
    each([](const auto& one) { one.look_at_identity(); });
}

template <typename Body>
void LoopClients::each(Body&& body) const {
    for (const auto& [id, client] : clients_)
        body(*client);
    for (const auto& [id, reader] : readers_)
        body(*reader);
}

}  // namespace gateway
