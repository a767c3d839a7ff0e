#include "send_message.hpp"

namespace gateway {

using streamhost::bytes;

namespace {

// Of a message that comes while the node drains. Clients are sent away after some seconds; one that asks more
// often would have used up its patience by then.
constexpr std::int64_t kLeavingRetryMs = 5'000;

}  // namespace

std::optional<Error> why_no_send(const Door& door) {
    if (door.host.node().phase(door.host.raw()) < SH_NODE_DRAINING) return std::nullopt;
    return Error{.code = "unavailable",
                 .message = "this node is going down; nothing was started, send again after the reconnect",
                 .retryable = true,
                 .retry_after_ms = kLeavingRetryMs};
}

sh_chat_send chat_message(const Send& send, std::string_view session, std::string_view user,
                          const sh_trace_context* trace) {
    return {sizeof(sh_chat_send), 0,    bytes(session), bytes(user), bytes(send.key), bytes(send.content),
            bytes(send.options),  trace};
}

}  // namespace gateway
