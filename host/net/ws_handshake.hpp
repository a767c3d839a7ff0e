#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "net/http_head.hpp"
#include "net/ws_extension.hpp"

namespace streamhost::net {

// The server's half of the opening handshake, RFC 6455 4.2, on a head that the strict parser has accepted. Of
// extensions only compression is negotiated, and only where it is on: whatever else is offered in
// Sec-WebSocket-Extensions stays unanswered, which is the refusal the RFC defines. Which origins may connect
// is a question for who knows the identities, not for this file. Functions are [any] and pure.

enum class WsRefusal : std::uint8_t {
    kNone,
    kMethod,       // 405
    kHttpVersion,  // 426
    kUpgrade,      // 426: a plain request on a WebSocket path
    kVersion,      // 426, names version 13
    kConnection,   // 400 from here on
    kBody,
    kKey,
    kOrigin,
    kSubprotocol,
    kExtensions,
};

using WsAcceptKey = std::array<char, 28>;

struct WsHandshake {
    WsRefusal refusal = WsRefusal::kNone;
    WsAcceptKey accept{};
    std::string_view
        subprotocol{};  // one of `supported`, or empty: none in common, none is named in the answer
    WsDeflateTerms deflate;
};

enum class WsExtensions : std::uint8_t { kIgnored = 1, kDeflate };

// The client's order of preference decides among the subprotocols that both know. The views in `supported`
// have to outlive the result.
[[nodiscard]] WsHandshake check_ws_handshake(const HttpHead& head,
                                             std::span<const std::string_view> supported,
                                             WsExtensions extensions);

// base64(SHA-1(key + GUID)), also for clients that check an answer.
[[nodiscard]] WsAcceptKey ws_accept_key(std::string_view key);

// The 101 response, or the refusal with the fields that its status demands (Allow, Upgrade,
// Sec-WebSocket-Version).
void append_ws_accept(std::string& out, const WsHandshake& handshake);
void append_ws_refusal(std::string& out, WsRefusal refusal);

[[nodiscard]] std::uint16_t status_of(WsRefusal refusal) noexcept;
[[nodiscard]] std::string_view describe(WsRefusal refusal) noexcept;

}  // namespace streamhost::net
