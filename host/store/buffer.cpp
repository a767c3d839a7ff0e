#include "store/buffer.hpp"

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

namespace streamhost::store {

// The bytes of a copied buffer follow their block in one allocation: a stored entry costs one.
struct Buffer::Block {
    Block(std::size_t size, bool foreign_owner) noexcept : bytes(size), foreign(foreign_owner) {}

    void drop() noexcept;

    std::atomic<std::uint32_t> refs{1};
    std::size_t bytes;
    bool foreign;
};

struct Buffer::ForeignBlock : Buffer::Block {
    ForeignBlock(std::size_t size, void (*function)(void*), void* what) noexcept
        : Block(size, true), release(function), owner(what) {}

    void (*release)(void*);
    void* owner;
};

void Buffer::Block::drop() noexcept {
    // Release: our reads are done before the count falls. Acquire: the last one sees that of all others. In
    // one operation, because the thread sanitizer does not follow a separate fence.
    if (refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (foreign) {
        auto* self = static_cast<ForeignBlock*>(this);
        self->release(self->owner);
        delete self;
    } else {
        this->~Block();
        std::free(this);
    }
}

Buffer::Buffer(const Buffer& other) noexcept : block_(other.block_), view_(other.view_) {
    if (block_) block_->refs.fetch_add(1, std::memory_order_relaxed);
}

Buffer& Buffer::operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    std::swap(view_, other.view_);
    return *this;
}

Buffer::~Buffer() {
    if (block_) block_->drop();
}

Buffer Buffer::copy_of(std::string_view bytes) {
    if (bytes.empty()) return {};
    void* memory = std::malloc(sizeof(Block) + bytes.size());
    if (!memory) throw std::bad_alloc();
    auto* block = new (memory) Block(bytes.size(), false);
    char* to = static_cast<char*>(memory) + sizeof(Block);
    std::memcpy(to, bytes.data(), bytes.size());
    return {block, {to, bytes.size()}};
}

Buffer Buffer::wrap(std::string_view bytes, void (*release)(void*), void* owner) {
    return {new ForeignBlock(bytes.size(), release, owner), bytes};
}

Buffer Buffer::slice(std::size_t offset, std::size_t size) const {
    assert(offset <= view_.size() && size <= view_.size() - offset);
    Buffer part(*this);
    part.view_ = view_.substr(offset, size);
    return part;
}

Buffer Buffer::compact() const {
    if (!block_ || block_->bytes / 2 <= view_.size()) return *this;
    return copy_of(view_);
}

}  // namespace streamhost::store
