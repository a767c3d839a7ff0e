#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/router.hpp"

namespace streamhost::net {

/// What a path of a listener leads to: a WebSocket, a request that somebody answers on a worker, an exchange
/// that somebody answers on the loop, whole or as a stream, or the reason why it is not served there.
struct Endpoint {
    enum class Kind : std::uint8_t { kWebSocket = 1, kHttp, kExchange, kOff };

    Kind kind = Kind::kHttp;
    void* user = nullptr;         ///< whoever registered it; net never looks inside
    std::shared_ptr<void> owner;  ///< keeps `user` alive as long as a request or connection refers to this

    // kWebSocket
    std::vector<std::string_view> subprotocols;
    std::uint32_t max_message_bytes = 1U << 20;
    std::uint32_t heartbeat_ms = 25'000;   ///< 0: no pings
    std::uint32_t first_message_ms = 0;    ///< 0: no deadline
    std::uint16_t too_large_code = 0;      ///< 0: 1009
    std::uint16_t no_message_code = 4400;  ///< after first_message_ms
    bool compresses = false;               ///< takes offers of permessage-deflate

    // kHttp, kExchange
    std::uint64_t max_body_bytes = 0;

    // kExchange
    std::uint32_t comment_ms = 0;  ///< between two comments of a stream that has nothing to say; 0: none
    bool takes_calls = true;       ///< answered whole
    bool takes_streams = false;    ///< answered as server-sent events
    std::string_view off_calls;    ///< why not, where not; of kOff, too
    std::string_view off_streams;  ///< empty: nobody asks for one here
};

/// The paths of one listener: built [control], then read by the loops as a whole; a change builds a new one.
struct RouteTable {
    Router router;
    std::vector<std::unique_ptr<Endpoint>> endpoints;  ///< what the router's handlers point to
};
using RouteTablePtr = std::shared_ptr<const RouteTable>;

}  // namespace streamhost::net
