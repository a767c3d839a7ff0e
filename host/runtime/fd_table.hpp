#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace streamhost::runtime {

/// Called by the loop for a watched descriptor. One call may find nothing to do any more (level triggered,
/// carried over a round): expect EAGAIN. The handler may unwatch and destroy any handler, itself included.
class FdHandler {
public:
    virtual void on_fd(std::uint32_t epoll_events) = 0;  // [loop]

protected:
    ~FdHandler() = default;
};

/// Names one watch of one loop; zero names none. Never reused, unlike a descriptor.
struct FdToken {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;

    [[nodiscard]] explicit operator bool() const noexcept { return generation != 0; }
    [[nodiscard]] std::uint64_t packed() const noexcept { return std::uint64_t{generation} << 32 | slot; }
    [[nodiscard]] static FdToken unpack(std::uint64_t packed) noexcept {
        return {static_cast<std::uint32_t>(packed), static_cast<std::uint32_t>(packed >> 32)};
    }
};

/// The problem: epoll reports a batch. A handler early in it may close a descriptor whose event comes later
/// in the same batch, and the kernel gives the number out again at once; the late event must reach nobody.
///
/// Slots with a generation that rises at each removal: an old token finds nothing. One thread.
class FdTable {
public:
    struct Entry {
        FdHandler* handler = nullptr;
        int fd = -1;
        std::uint32_t generation = 1;
    };

    [[nodiscard]] FdToken add(int fd, FdHandler& handler) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(entries_.size()));
            entries_.emplace_back();
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        entries_[slot].handler = &handler;
        entries_[slot].fd = fd;
        return {slot, entries_[slot].generation};
    }

    /// nullptr for a token whose watch has ended. Valid until the next add().
    [[nodiscard]] const Entry* find(FdToken token) const noexcept {
        if (!token || token.slot >= entries_.size()) return nullptr;
        const Entry& entry = entries_[token.slot];
        return entry.generation == token.generation && entry.handler != nullptr ? &entry : nullptr;
    }

    void remove(FdToken token) {
        if (find(token) == nullptr) return;
        Entry& entry = entries_[token.slot];
        entry.handler = nullptr;
        entry.fd = -1;
        if (++entry.generation == 0) entry.generation = 1;
        free_.push_back(token.slot);
    }

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - free_.size(); }

private:
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_;
};

}  // namespace streamhost::runtime
