#include "token_cache.hpp"

#include <iterator>
#include <utility>

namespace auth {

void TokenCache::drop(Entries::iterator entry) {
    by_token_.erase(entry->token);
    entries_.erase(entry);
}

IdentityPtr TokenCache::find(const Digest& token, std::uint64_t revision, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const auto found = by_token_.find(token);
    if (found == by_token_.end()) return nullptr;
    const auto entry = found->second;
    const std::int64_t end_ms = entry->identity->expires_ms;
    if (entry->revision != revision || (end_ms != 0 && now_ms >= end_ms)) {
        drop(entry);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->identity;
}

void TokenCache::put(const Digest& token, IdentityPtr identity, std::uint64_t revision) {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_token_.find(token); found != by_token_.end()) drop(found->second);
    if (max_entries_ == 0) return;
    if (entries_.size() >= max_entries_) drop(std::prev(entries_.end()));
    entries_.push_front({token, std::move(identity), revision});
    by_token_[token] = entries_.begin();
}

std::size_t TokenCache::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace auth
