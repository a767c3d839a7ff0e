// Views and counted bytes of the contract as C++ values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "streamhost/abi/bytes.h"
#include "streamhost/abi/record.h"

namespace streamhost {

constexpr std::string_view view(sh_bytes bytes) noexcept {
    return {bytes.data, static_cast<std::size_t>(bytes.size)};
}
constexpr sh_bytes bytes(std::string_view text) noexcept { return {text.data(), text.size()}; }

// Owns one reference of a counted object of the contract (sh_buffer, sh_batch). [any]
template <typename Counted>
class Shared {
public:
    Shared() = default;
    // Takes over a reference that the caller was given.
    static Shared adopt(const Counted* object) noexcept { return Shared(object); }
    // Adds a reference to something borrowed.
    static Shared retain(const Counted* object) noexcept {
        if (object != nullptr) object->retain(object);
        return Shared(object);
    }
    Shared(const Shared& other) noexcept : Shared(retain(other.object_)) {}
    Shared(Shared&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Shared& operator=(Shared other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Shared() {
        if (object_ != nullptr) object_->release(object_);
    }

    [[nodiscard]] const Counted* get() const noexcept { return object_; }
    const Counted* operator->() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

private:
    explicit Shared(const Counted* object) noexcept : object_(object) {}
    const Counted* object_ = nullptr;
};

using Buffer = Shared<sh_buffer>;
using Batch = Shared<sh_batch>;

inline std::string_view view(const Buffer& buffer) noexcept {
    return buffer ? std::string_view(buffer->data, static_cast<std::size_t>(buffer->size))
                  : std::string_view();
}

// A record that owns its data, for state that outlives a call.
struct OwnedRecord {
    sh_record head{};
    std::string data;

    OwnedRecord() = default;
    explicit OwnedRecord(const sh_record& record) : head(record), data(view(record.data)) {}
    // The view is made anew on each call, so moving an OwnedRecord never leaves a stale pointer behind.
    [[nodiscard]] sh_record record() const noexcept {
        sh_record result = head;
        result.data = bytes(data);
        return result;
    }
};

}  // namespace streamhost
