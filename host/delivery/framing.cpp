#include "delivery/framing.hpp"

#include <charconv>

#include "net/ws_frame.hpp"

namespace streamhost::delivery {
namespace {

Envelope websocket(net::WsOpcode opcode, std::size_t payload_bytes) {
    Envelope envelope;
    envelope.head_size =
        static_cast<std::uint8_t>(net::ws_write_header(envelope.head.data(), opcode, payload_bytes));
    return envelope;
}

}  // namespace

Envelope websocket_text(std::size_t payload_bytes) { return websocket(net::WsOpcode::kText, payload_bytes); }

Envelope websocket_binary(std::size_t payload_bytes) {
    return websocket(net::WsOpcode::kBinary, payload_bytes);
}

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
