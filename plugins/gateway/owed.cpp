#include "owed.hpp"

#include "client.hpp"
#include "door.hpp"

namespace gateway {

void OwedLine::add(sh_connection id, std::int64_t now_ms) {
    if (places_.contains(id)) return;
    places_.emplace(id, line_.insert(line_.end(), {id, now_ms + kAgainMs}));
}

void OwedLine::remove(sh_connection id) {
    const auto found = places_.find(id);
    if (found == places_.end()) return;
    line_.erase(found->second);
    places_.erase(found);
}

void OwedLine::tick(std::int64_t now_ms) {
    std::size_t asked = 0;
    while (!line_.empty() && line_.front().due_ms <= now_ms && asked < kStreamsPerTick) {
        const sh_connection id = line_.front().id;
        remove(id);
        if (Client* client = loop_.find(id)) asked += client->ask_for_owed();
    }
}

}  // namespace gateway
