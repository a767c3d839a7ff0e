// What an answer brought along, as views of it: for the length of the call. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "streamhost/abi/async.h"
#include "streamhost/abi/record.h"

namespace streamhost {

// Empty without a body.
[[nodiscard]] inline std::string_view body_of(const sh_result& result) noexcept {
    if (result.body == nullptr) return {};
    return {result.body->data, static_cast<std::size_t>(result.body->size)};
}

[[nodiscard]] inline std::span<const sh_record> records_of(const sh_result& result) noexcept {
    if (result.batch == nullptr) return {};
    return {result.batch->records, result.batch->count};
}

}  // namespace streamhost
