// What an HTTP request asks, in the words of the protocol's messages: they are read, checked and refused as
// on a WebSocket. Pure. Source: docs/protocol.md, "HTTP and server-sent events".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway {

struct CallText {
    std::string message;      // a message of the protocol
    std::string session;      // whose messages, where it is about those
    bool is_summary = false;  // a `history` in name, rights and price: of the session itself
    bool is_read = false;     // a `subscribe` that reads what is there, once
    std::uint32_t limit = 0;  // of such a read: entries at most
    bool may_wait = false;    // for a stream that nobody has written
    // Or why it is none: 0, or 400, 404, 405.
    std::uint32_t status = 0;
    std::string detail;
    std::string allow;  // of 405
};

struct CallRequest {
    std::string_view method;
    std::string_view path;
    std::string_view query;
    std::string_view body;
    std::string_view last_event_id;
    std::string_view trace_parent;
    std::string_view trace_state;
    bool wants_stream = false;
};

inline constexpr std::uint32_t kMostRead = 1'000;  // entries of one read

[[nodiscard]] CallText read_call(const CallRequest& request);

}  // namespace gateway
