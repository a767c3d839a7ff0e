// The frames that all readers of a stream share: pure functions of the records. Source: docs/protocol.md,
// "Server to client"; the contract is streamhost/abi/ext/delivery.h.
#pragma once

#include <string_view>

#include "streamhost/abi/ext/delivery.h"

namespace gateway {

// Without state: `self` is not used. [store] [loop]
[[nodiscard]] const sh_encoder& json_encoder() noexcept;

// What a stream of that SH_STREAM_* is called whose newest entry is `last`.
[[nodiscard]] std::string_view state_name(std::uint32_t state, std::uint64_t last) noexcept;

}  // namespace gateway
