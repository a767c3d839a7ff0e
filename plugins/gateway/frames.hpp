// The frames that answer one client. What goes to all readers of a stream is made by the encoder.
// Source: docs/protocol.md, "Server to client".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "errors.hpp"
#include "limits.hpp"

namespace gateway {

struct Welcome {
    std::string_view session;
    std::string_view user;
    std::string_view node;
    std::string_view affinity;
    std::string_view server;   // "name/version"
    bool is_degraded = false;  // the store is away
};

// `id` is the request's, as JSON text; empty: left out, where the answer needs none to be found.
[[nodiscard]] std::string welcome_frame(std::string_view id, const Welcome& welcome, const Limits& limits);
// `object` is the body of chat's answer: {"message","run","stream"}.
[[nodiscard]] std::string accepted_frame(std::string_view id, std::string_view session,
                                         std::string_view object, bool is_duplicate);
[[nodiscard]] std::string appended_frame(std::string_view id, std::string_view stream, std::uint64_t first,
                                         std::uint64_t last, std::uint64_t check);
[[nodiscard]] std::string claimed_frame(std::string_view id, std::string_view stream, std::uint64_t fence,
                                        std::uint64_t seq, std::uint64_t check);
// `messages` is the inside of the array, `next` a message id or empty.
[[nodiscard]] std::string history_frame(std::string_view id, std::string_view messages,
                                        std::string_view next);
[[nodiscard]] std::string ok_frame(std::string_view id);
[[nodiscard]] std::string pong_frame(std::string_view id, std::string_view ts);
// `stream` names the one that an error without an id is about, or is empty.
[[nodiscard]] std::string error_frame(std::string_view id, const Error& error, std::string_view stream = "");
[[nodiscard]] std::string goaway_frame(std::uint32_t reconnect_after_ms);

}  // namespace gateway
