#pragma once
// Which writes were done already: bounded by time and by number, whichever is first.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "store/chain.hpp"
#include "store/memory/swept_map.hpp"

namespace streamhost::store::memory {

/// What only a send remembers.
struct SendNote {
    std::string content_hash;
    std::string answer;
};

/// The answer of a write that had a key.
struct Remembered {
    std::int64_t at_ms = 0;
    std::uint64_t first = 0;
    std::uint64_t prev = 0;  ///< check of first - 1: lets a repeat prove that its content is the same
    Position last;
    std::unique_ptr<SendNote> note;
};

/// Keys in the order of their writes. [store]
class KeyWindow {
public:
    /// Forgets what is older than `oldest_ms`, then looks.
    [[nodiscard]] const Remembered* find(std::string_view key, std::int64_t oldest_ms);

    /// Remembers a key that find() did not know; more than `most` keys push the oldest out.
    void add(std::string_view key, Remembered answer, std::size_t most);

    void forget_before(std::int64_t oldest_ms);
    [[nodiscard]] bool empty() const noexcept { return oldest_ == nullptr; }
    [[nodiscard]] std::uint64_t cost() const noexcept { return cost_; }

private:
    // The order is a chain through the nodes of the table: no second container per stream.
    struct Slot {
        Remembered answer;
        const std::string* key = nullptr;
        Slot* newer = nullptr;
        std::uint64_t cost = 0;
    };

    void forget_oldest();

    TextMap<Slot> slots_;
    Slot* oldest_ = nullptr;
    Slot* newest_ = nullptr;
    std::uint64_t cost_ = 0;
};

}  // namespace streamhost::store::memory
