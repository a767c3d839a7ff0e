#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "net/ws_frame.hpp"

namespace streamhost::bench {

// A block as a busy client fills it: masked frames with one payload and changing keys, as many as fit.
inline std::vector<std::uint8_t> masked_block(net::WsOpcode opcode, const std::string& payload,
                                              std::size_t block_size, std::size_t& frames) {
    std::vector<std::uint8_t> block;
    frames = 0;
    const std::size_t frame_size = net::ws_header_size(payload.size()) + 4 + payload.size();
    while (block.size() + frame_size <= block_size || frames == 0) {
        const auto turn = static_cast<std::uint8_t>(frames * 37);
        const net::WsMaskKey key{turn, 0xa5, static_cast<std::uint8_t>(turn + 91), 0x3c};
        const std::size_t start = block.size();
        block.resize(start + frame_size);
        const std::size_t header = net::ws_write_masked_header(&block[start], opcode, payload.size(), key);
        std::copy(payload.begin(), payload.end(),
                  block.begin() + static_cast<std::ptrdiff_t>(start + header));
        net::ws_mask(std::span(block).subspan(start + header), key);
        ++frames;
    }
    return block;
}

inline std::string ascii_payload(std::size_t size) {
    const std::string words =
        "{\"type\":\"chunk\",\"delta\":\"the quick brown fox jumps over the lazy dog \"} ";
    std::string payload;
    while (payload.size() < size)
        payload += words;
    payload.resize(size);
    return payload;
}

// About 60 % of the bytes in three-byte code points, as Chinese or Japanese text inside JSON is.
inline std::string cjk_payload(std::size_t size) {
    std::string payload;
    while (payload.size() + 5 <= size)
        payload +=
            "\xe6\xb5\x81"
            "ab";
    payload.append(size - payload.size(), 'c');
    return payload;
}

}  // namespace streamhost::bench
