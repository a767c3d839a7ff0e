#include "bridge/buffers.hpp"

#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace streamhost::bridge {

namespace {

/// The counted object begins with the struct of the contract, so one address names both.
template <typename Head>
struct Counted {
    Head head{};
    std::atomic<std::uint32_t> count{1};
};

struct BufferObject : Counted<sh_buffer> {
    std::unique_ptr<char[]> bytes;
};
struct BatchObject : Counted<sh_batch> {
    std::vector<sh_record> records;
    std::unique_ptr<char[]> bytes;      // of a copy
    std::vector<store::Buffer> shared;  // of the store
};

template <typename Object, typename Head>
void retain(const Head* head) {
    reinterpret_cast<Object*>(const_cast<Head*>(head))->count.fetch_add(1, std::memory_order_relaxed);
}
template <typename Object, typename Head>
void release(const Head* head) {
    auto* object = reinterpret_cast<Object*>(const_cast<Head*>(head));
    if (object->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete object;
}

const sh_batch* finish(std::unique_ptr<BatchObject> batch) {
    batch->head = {sizeof(sh_batch), static_cast<std::uint32_t>(batch->records.size()), batch->records.data(),
                   &retain<BatchObject, sh_batch>, &release<BatchObject, sh_batch>};
    return &batch.release()->head;
}

}  // namespace

const sh_buffer* make_buffer(std::span<const sh_bytes> pieces) noexcept {
    try {
        std::size_t size = 0;
        for (const sh_bytes& piece : pieces)
            size += static_cast<std::size_t>(piece.size);
        auto buffer = std::make_unique<BufferObject>();
        buffer->bytes.reset(new char[size]);
        char* to = buffer->bytes.get();
        for (const sh_bytes& piece : pieces) {
            if (piece.size > 0) std::memcpy(to, piece.data, static_cast<std::size_t>(piece.size));
            to += piece.size;
        }
        buffer->head = {sizeof(sh_buffer),
                        0,
                        buffer->bytes.get(),
                        size,
                        &retain<BufferObject, sh_buffer>,
                        &release<BufferObject, sh_buffer>};
        return &buffer.release()->head;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

const sh_buffer* make_buffer(std::string_view text) noexcept {
    const sh_bytes piece{text.data(), text.size()};
    return make_buffer(std::span(&piece, 1));
}

const sh_batch* make_batch(std::span<const sh_record> records) noexcept {
    try {
        std::size_t size = 0;
        for (const sh_record& record : records)
            size += static_cast<std::size_t>(record.data.size);
        auto batch = std::make_unique<BatchObject>();
        batch->records.assign(records.begin(), records.end());
        batch->bytes.reset(new char[size]);
        char* to = batch->bytes.get();
        for (sh_record& record : batch->records) {
            if (record.data.size > 0)
                std::memcpy(to, record.data.data, static_cast<std::size_t>(record.data.size));
            record.data.data = to;
            to += record.data.size;
        }
        return finish(std::move(batch));
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

const sh_batch* make_batch(std::span<const store::Record> records) noexcept {
    try {
        auto batch = std::make_unique<BatchObject>();
        batch->records.reserve(records.size());
        batch->shared.reserve(records.size());
        for (const store::Record& record : records) {
            batch->records.push_back(to_abi(record));
            batch->shared.push_back(record.data);
        }
        return finish(std::move(batch));
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

sh_record to_abi(const store::Record& record) noexcept {
    const std::string_view data = record.data.view();
    sh_record out{};
    out.seq = record.seq;
    out.prev = record.prev;
    out.check = record.check;
    out.fence = record.fence;
    out.ts_ms = record.ts_ms;
    out.type = static_cast<std::uint32_t>(static_cast<unsigned char>(record.type));
    out.data = {data.data(), data.size()};
    return out;
}

}  // namespace streamhost::bridge
