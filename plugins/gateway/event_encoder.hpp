// The frames of protocol version 1 as server-sent events, shared by all who read the same stream: a name, the
// position where the frame moves it, and the same JSON as on a WebSocket.
#pragma once

#include <string>
#include <string_view>

#include "streamhost/abi/ext/delivery.h"

namespace gateway {

[[nodiscard]] const sh_encoder& event_encoder() noexcept;

// One event without a position. `json` is one line.
[[nodiscard]] std::string event_text(std::string_view name, std::string_view json);

}  // namespace gateway
