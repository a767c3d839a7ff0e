// The limits of one connection, as the gateway wants them; the operator may allow less. Source:
// docs/protocol.md, "Limits".
#pragma once

#include <cstdint>

namespace gateway {

struct Limits {
    std::uint32_t message_bytes = 1u << 20;
    std::uint32_t streams = 100;  // subscribed beside the session's own; also entries in `resume`
    std::uint32_t entries = 256;  // of one append
    std::uint32_t entry_bytes = 256u << 10;
    std::uint32_t heartbeat_ms = 25'000;
    std::uint32_t hello_ms = 10'000;
    std::uint32_t pending = 64;  // requests without an answer; over it the socket is not read
    std::uint32_t service_timeout_ms = 5'000;
};

}  // namespace gateway
