#pragma once

#include <span>
#include <vector>

#include "streamhost/abi/record.h"

#include "store/record.hpp"

namespace streamhost::bridge {

/// Counted bytes and records for plugins. The caller owns the one reference that they come with; NULL without
/// memory. [any]
[[nodiscard]] const sh_buffer* make_buffer(std::span<const sh_bytes> pieces) noexcept;
[[nodiscard]] const sh_buffer* make_buffer(std::string_view text) noexcept;
/// Copies the data.
[[nodiscard]] const sh_batch* make_batch(std::span<const sh_record> records) noexcept;
/// Keeps the store's buffers: nothing is copied.
[[nodiscard]] const sh_batch* make_batch(std::span<const store::Record> records) noexcept;

[[nodiscard]] sh_record to_abi(const store::Record& record) noexcept;
[[nodiscard]] inline std::string_view text_of(const sh_buffer& buffer) noexcept {
    return {buffer.data, static_cast<std::size_t>(buffer.size)};
}

}  // namespace streamhost::bridge
