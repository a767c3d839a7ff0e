#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace streamhost::net {

// permessage-deflate as it is agreed on: RFC 7692 5 and 7.1, on the list grammar of RFC 6455 9.1. The first
// offer that can be kept is taken; one with a parameter that is unknown, twice there or wrong is declined, as
// is one that wants a window under 15 bits from this side, because a loop has one compressor for all.
// Functions are [any] and pure.

// How this side compresses. What the client sends never refers to its earlier messages: the answer always
// says so, so that nothing is kept for a connection that rests.
enum class WsCompression : std::uint8_t {
    kNone,
    kEach,  // each message by itself: server_no_context_takeover was asked for
    kRuns,  // a message may refer to those of its run, which are compressed in one go (RFC 7692 7.2.3.2)
};

struct WsDeflateTerms {
    WsCompression compression = WsCompression::kNone;
    bool names_window = false;  // server_max_window_bits was offered, so it has to be answered

    bool operator==(const WsDeflateTerms&) const = default;
};

// Reads one Sec-WebSocket-Extensions field. `terms` are set by the first offer that is acceptable, and kept
// if an earlier field set them. False: the field is not a list of extensions, and the handshake has to fail.
[[nodiscard]] bool choose_deflate(std::string_view field, WsDeflateTerms& terms);

// The field that says what was agreed, with its line end; nothing if nothing was.
void append_deflate(std::string& out, const WsDeflateTerms& terms);

}  // namespace streamhost::net
