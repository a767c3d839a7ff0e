// The frames that all readers of a stream share: pure functions of the records. Source: docs/protocol.md,
// "Server to client"; the contract is streamhost/abi/ext/delivery.h.
#pragma once

#include "streamhost/abi/ext/delivery.h"

namespace gateway {

// Without state: `self` is not used. [store] [loop]
[[nodiscard]] const sh_encoder& json_encoder() noexcept;

}  // namespace gateway
