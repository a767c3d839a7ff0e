#pragma once
// One chunk of text goes to a log, to thousands of readers and perhaps to a second store. Copying it each
// time would cost more than all the rest, and a view would dangle as soon as the writer returns. A Buffer is
// a view with a share in its owner.
//
// Bytes never change once a Buffer exists, so any number of threads may read them. Copying a Buffer costs one
// atomic increment.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace streamhost::store {

/// Immutable bytes with shared ownership. [any]
class Buffer {
public:
    Buffer() noexcept = default;
    Buffer(const Buffer& other) noexcept;
    Buffer(Buffer&& other) noexcept
        : block_(std::exchange(other.block_, nullptr)), view_(std::exchange(other.view_, {})) {}
    Buffer& operator=(Buffer other) noexcept;
    ~Buffer();

    static Buffer copy_of(std::string_view bytes);

    /// Takes over bytes that something else owns; `release(owner)` runs once, on the thread that drops the
    /// last share.
    static Buffer wrap(std::string_view bytes, void (*release)(void*), void* owner);

    /// A part of this buffer under the same owner. The part must lie inside.
    [[nodiscard]] Buffer slice(std::size_t offset, std::size_t size) const;

    /// This buffer, or a copy of it when it would pin an owner of more than twice its size.
    [[nodiscard]] Buffer compact() const;

    [[nodiscard]] std::string_view view() const noexcept { return view_; }
    [[nodiscard]] const char* data() const noexcept { return view_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return view_.size(); }
    [[nodiscard]] bool empty() const noexcept { return view_.empty(); }

private:
    struct Block;
    struct ForeignBlock;

    Buffer(Block* block, std::string_view view) noexcept : block_(block), view_(view) {}

    Block* block_ = nullptr;
    std::string_view view_;
};

}  // namespace streamhost::store
