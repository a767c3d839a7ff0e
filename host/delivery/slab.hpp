#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace streamhost::delivery {

/// Objects of one type at addresses that never move, found by slot number, 128 to a chunk. One owner thread.
template <typename T>
class Slab {
public:
    static constexpr std::uint32_t kChunk = 128;

    Slab() = default;
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;
    ~Slab() {
        for (std::uint32_t slot = 0; slot != limit_; ++slot) {
            if (used_[slot]) at(slot)->~T();
        }
    }

    /// Constructs T(slot, args...).
    template <typename... Args>
    T& create(Args&&... args) {
        if (free_.empty()) grow();
        const std::uint32_t slot = free_.back();
        T* object = new (memory(slot)) T(slot, std::forward<Args>(args)...);
        free_.pop_back();
        used_[slot] = true;
        ++size_;
        return *object;
    }

    void destroy(std::uint32_t slot) {
        at(slot)->~T();
        used_[slot] = false;
        free_.push_back(slot);
        --size_;
    }

    /// nullptr where nothing lives.
    [[nodiscard]] T* find(std::uint32_t slot) { return slot < limit_ && used_[slot] ? at(slot) : nullptr; }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    struct alignas(T) Cell {
        std::byte bytes[sizeof(T)];
    };

    [[nodiscard]] void* memory(std::uint32_t slot) { return &chunks_[slot / kChunk][slot % kChunk]; }
    [[nodiscard]] T* at(std::uint32_t slot) { return std::launder(static_cast<T*>(memory(slot))); }

    void grow() {
        chunks_.push_back(std::make_unique<Cell[]>(kChunk));
        used_.resize(limit_ + kChunk, false);
        free_.reserve(limit_ + kChunk);
        for (std::uint32_t i = kChunk; i != 0; --i)
            free_.push_back(limit_ + i - 1);
        limit_ += kChunk;
    }

    std::vector<std::unique_ptr<Cell[]>> chunks_;
    std::vector<bool> used_;
    std::vector<std::uint32_t> free_;
    std::uint32_t limit_ = 0;
    std::size_t size_ = 0;
};

}  // namespace streamhost::delivery
