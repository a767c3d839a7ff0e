#pragma once
// The entries of one stream, oldest first, trimmed at the front. A std::deque would cost every empty stream
// 600 bytes.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/chain.hpp"
#include "store/record.hpp"

namespace streamhost::store::memory {

/// Number and predecessor of an entry follow from its place. [store]
class EntryLog {
public:
    struct Kept {
        std::uint64_t check;
        std::uint64_t fence;
        std::int64_t ts_ms;
        Buffer data;
        Type type;
    };
    /// What an entry costs beside its data: itself and the block in front of its bytes.
    static constexpr std::size_t kOverhead = sizeof(Kept) + 32;

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - start_; }
    [[nodiscard]] std::uint64_t data_bytes() const noexcept { return data_bytes_; }
    [[nodiscard]] std::uint64_t cost() const noexcept { return data_bytes_ + size() * kOverhead; }

    [[nodiscard]] const Kept& operator[](std::size_t index) const noexcept {
        return entries_[start_ + index];
    }

    void push(const Record& record) {
        entries_.push_back({record.check, record.fence, record.ts_ms, record.data, record.type});
        data_bytes_ += record.data.size();
    }

    /// Drops the oldest and returns its check.
    std::uint64_t pop() {
        Kept& oldest = entries_[start_++];
        const std::uint64_t check = oldest.check;
        data_bytes_ -= oldest.data.size();
        oldest.data = Buffer();
        if (start_ * 2 > entries_.size()) close_up();  // each entry moves at most once per halving
        return check;
    }

private:
    void close_up() {
        entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(start_));
        start_ = 0;
    }

    std::vector<Kept> entries_;
    std::size_t start_ = 0;
    std::uint64_t data_bytes_ = 0;
};

}  // namespace streamhost::store::memory
