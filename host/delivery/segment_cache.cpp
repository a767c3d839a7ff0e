#include "delivery/segment_cache.hpp"

#include <functional>
#include <iterator>

namespace streamhost::delivery {

std::size_t SegmentCache::KeyHash::operator()(const Key* key) const {
    constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;  // Fibonacci hashing, Knuth TAOCP 3, 6.4
    const std::uint64_t fields = key->from.seq * kOdd ^ key->to.check ^ key->records << 32U ^ key->encoding;
    return std::hash<std::string>{}(key->stream) ^ static_cast<std::size_t>(fields * kOdd);
}

const SegmentCache::Blocks* SegmentCache::find(const Key& key) const {
    const auto found = index_.find(&key);
    return found == index_.end() ? nullptr : &found->second->blocks;
}

void SegmentCache::insert(Key key, Blocks blocks, std::int64_t now_ms) {
    std::size_t bytes = 0;
    for (const BlockRef& block : blocks)
        bytes += block->total_bytes();
    if (bytes > max_bytes_) return;
    while (bytes_ + bytes > max_bytes_)
        erase(entries_.begin());
    entries_.push_back({std::move(key), std::move(blocks), bytes, now_ms});
    bytes_ += bytes;
    const auto entry = std::prev(entries_.end());
    index_.emplace(&entry->key, entry);
}

void SegmentCache::expire(std::int64_t now_ms) {
    while (!entries_.empty() && now_ms - entries_.front().since_ms >= life_ms_)
        erase(entries_.begin());
}

void SegmentCache::forget(EncodingId encoding) {
    for (auto entry = entries_.begin(); entry != entries_.end();)
        entry = entry->key.encoding == encoding ? erase(entry) : std::next(entry);
}

SegmentCache::Entries::iterator SegmentCache::erase(Entries::iterator entry) {
    bytes_ -= entry->bytes;
    index_.erase(&entry->key);
    return entries_.erase(entry);
}

}  // namespace streamhost::delivery
