// What `send` gives to chat, whichever way it was asked for. [loop]
#pragma once

#include <optional>
#include <string_view>

#include "door.hpp"
#include "errors.hpp"
#include "request.hpp"

namespace gateway {

// Why nothing is started here now, if so: an answer that starts now might be cut short; one that is running
// has the time of the drain.
[[nodiscard]] std::optional<Error> why_no_send(const Door& door);
// For the call: what it points to is the caller's.
[[nodiscard]] sh_chat_send chat_message(const Send& send, std::string_view session, std::string_view user,
                                        const sh_trace_context* trace);

}  // namespace gateway
