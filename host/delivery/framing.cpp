#include "delivery/framing.hpp"

#include <charconv>

namespace streamhost::delivery {
namespace {

void put_big_endian(std::uint8_t* out, std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) {
        out[i] = static_cast<std::uint8_t>(value);
        value >>= 8U;
    }
}

Envelope websocket(std::uint8_t opcode, std::size_t payload_bytes) {
    Envelope envelope;
    envelope.head[0] = static_cast<std::uint8_t>(0x80U | opcode);
    if (payload_bytes < 126) {
        envelope.head[1] = static_cast<std::uint8_t>(payload_bytes);
        envelope.head_size = 2;
    } else if (payload_bytes <= 0xFFFF) {
        envelope.head[1] = 126;
        put_big_endian(&envelope.head[2], payload_bytes, 2);
        envelope.head_size = 4;
    } else {
        envelope.head[1] = 127;
        put_big_endian(&envelope.head[2], payload_bytes, 8);
        envelope.head_size = 10;
    }
    return envelope;
}

}  // namespace

Envelope websocket_text(std::size_t payload_bytes) { return websocket(1, payload_bytes); }

Envelope websocket_binary(std::size_t payload_bytes) { return websocket(2, payload_bytes); }

Envelope http_chunk(std::size_t payload_bytes) {
    Envelope envelope;
    char* begin = reinterpret_cast<char*>(envelope.head.data());
    char* end = std::to_chars(begin, begin + 16, payload_bytes, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    envelope.head_size = static_cast<std::uint8_t>(end - begin);
    envelope.tail = {'\r', '\n'};
    envelope.tail_size = 2;
    return envelope;
}

}  // namespace streamhost::delivery
