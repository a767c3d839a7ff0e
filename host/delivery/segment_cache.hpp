#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "delivery/block.hpp"
#include "delivery/record.hpp"

namespace streamhost::delivery {

/// Ranges that were encoded for one reader and serve the others who ask for the same soon after: a thousand
/// readers that come back at one position after a node's death cost one encoding. Equal check means equal
/// content, so the key proves that the bytes are right. Bounded by bytes and age; the oldest go first.
/// [store]
class SegmentCache {
public:
    struct Key {
        std::string stream;
        EncodingId encoding = 0;
        bool snapshot = false;
        Position from;  ///< {0, 0} for snapshots.
        Position to;
        std::uint64_t records = 0;  ///< Joined and plain reads of one range differ in this.

        bool operator==(const Key&) const = default;
    };
    using Blocks = std::vector<BlockRef>;

    SegmentCache(std::size_t max_bytes, std::int64_t life_ms) : max_bytes_(max_bytes), life_ms_(life_ms) {}

    [[nodiscard]] const Blocks* find(const Key& key) const;
    /// Something larger than the whole cache is not kept.
    void insert(Key key, Blocks blocks, std::int64_t now_ms);
    void expire(std::int64_t now_ms);
    /// An encoder was replaced: what the old one wrote serves nobody any more.
    void forget(EncodingId encoding);
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    struct Entry {
        Key key;
        Blocks blocks;
        std::size_t bytes;
        std::int64_t since_ms;
    };
    struct KeyHash {
        std::size_t operator()(const Key* key) const;
    };
    struct KeyEqual {
        bool operator()(const Key* a, const Key* b) const { return *a == *b; }
    };
    using Entries = std::list<Entry>;

    Entries::iterator erase(Entries::iterator entry);

    std::size_t max_bytes_;
    std::int64_t life_ms_;
    std::size_t bytes_ = 0;
    Entries entries_;  // oldest first
    std::unordered_map<const Key*, Entries::iterator, KeyHash, KeyEqual> index_;
};

}  // namespace streamhost::delivery
