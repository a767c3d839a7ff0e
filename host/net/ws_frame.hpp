#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace streamhost::net {

// The words of RFC 6455 5.2 that both directions share, and the encoder. Encoding never allocates: the caller
// owns every buffer, because a server frame is written once into a shared block and read from there by all
// its receivers. Sizes are bytes. All functions are [any] and pure.

enum class WsOpcode : std::uint8_t {
    kContinuation = 0,
    kText = 1,
    kBinary = 2,
    kClose = 8,
    kPing = 9,
    kPong = 10
};

enum class WsFin : std::uint8_t { kMore = 0, kLast = 1 };

// Close codes that the codec itself uses (RFC 6455 7.4.1). kNoStatus stands for a close frame without payload
// and never goes on the wire.
inline constexpr std::uint16_t kWsNormal = 1000;
inline constexpr std::uint16_t kWsProtocolError = 1002;
inline constexpr std::uint16_t kWsNoStatus = 1005;
inline constexpr std::uint16_t kWsInvalidPayload = 1007;
inline constexpr std::uint16_t kWsTooBig = 1009;

inline constexpr std::size_t kWsMaxControlPayload = 125;
inline constexpr std::size_t kWsMaxServerHeader = 10;
inline constexpr std::size_t kWsMaxClientHeader = 14;
using WsControlFrame = std::array<std::uint8_t, 2 + kWsMaxControlPayload>;
using WsMaskKey = std::array<std::uint8_t, 4>;

// True for the codes that a peer may send: registered with IANA and not reserved for local use, or 3000 to
// 4999.
[[nodiscard]] bool ws_close_code_allowed(std::uint16_t code) noexcept;

// Bytes of the header of an unmasked frame: 2, 4 or 10.
[[nodiscard]] constexpr std::size_t ws_header_size(std::uint64_t payload_size) noexcept {
    return payload_size <= 125 ? 2 : payload_size <= 0xffff ? 4 : 10;
}

// Writes ws_header_size(payload_size) bytes to `out` and returns that number. Server role: not masked.
std::size_t ws_write_header(std::uint8_t* out, WsOpcode opcode, std::uint64_t payload_size,
                            WsFin fin = WsFin::kLast) noexcept;

// Client role: four bytes more, the key last. The payload is masked by the caller with ws_mask.
std::size_t ws_write_masked_header(std::uint8_t* out, WsOpcode opcode, std::uint64_t payload_size,
                                   const WsMaskKey& key, WsFin fin = WsFin::kLast) noexcept;

// A whole ping or pong for the server role. A payload over kWsMaxControlPayload is cut. Returns the size of
// the frame.
std::size_t ws_write_control(WsControlFrame& out, WsOpcode opcode,
                             std::span<const std::uint8_t> payload) noexcept;

// A whole close frame for the server role. A code that must not go on the wire (kWsNoStatus) gives an empty
// payload; a reason over 123 bytes is cut between code points, since an invalid reason would fail the very
// connection it explains.
std::size_t ws_write_close(WsControlFrame& out, std::uint16_t code, std::string_view reason = {}) noexcept;

// Masks or unmasks in place, the first byte with key[0]. Returns the OR of all bytes after the change: below
// 0x80 means the result is ASCII, which spares text a second pass.
std::uint8_t ws_mask(std::span<std::uint8_t> bytes, const WsMaskKey& key) noexcept;

}  // namespace streamhost::net
