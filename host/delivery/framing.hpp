#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace streamhost::delivery {

/// Bytes around one payload. Server frames carry no mask and nothing of the reader, so one envelope serves
/// all readers.
struct Envelope {
    std::array<std::uint8_t, 20> head{};
    std::array<std::uint8_t, 2> tail{};
    std::uint8_t head_size = 0;
    std::uint8_t tail_size = 0;
};

/// How a transport wraps a payload of a known size. Pure.
using Framing = Envelope (*)(std::size_t payload_bytes);

/// RFC 6455 5.2: FIN, opcode 1 or 2, no mask; length in 2, 4 or 10 bytes of header.
[[nodiscard]] Envelope websocket_text(std::size_t payload_bytes);
[[nodiscard]] Envelope websocket_binary(std::size_t payload_bytes);

/// RFC 9112 7.1: one HTTP chunk. An empty payload is refused by FrameWriter, because that chunk would end the
/// body.
[[nodiscard]] Envelope http_chunk(std::size_t payload_bytes);

}  // namespace streamhost::delivery
