// What `send` gives to chat, whichever way it was asked for. [loop]
#pragma once

#include <string_view>

#include "streamhost/abi/svc/chat.h"

#include "request.hpp"

namespace gateway {

// For the call: what it points to is the caller's.
[[nodiscard]] sh_chat_send chat_message(const Send& send, std::string_view session, std::string_view user,
                                        const sh_trace_context* trace);

}  // namespace gateway
