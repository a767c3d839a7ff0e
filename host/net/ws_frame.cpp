#include "net/ws_frame.hpp"

#include <algorithm>
#include <cstring>

namespace streamhost::net {
namespace {

// Big-endian, as RFC 6455 5.2 wants lengths and close codes.
void store_big_endian(std::uint8_t* out, std::uint64_t value, std::size_t size) noexcept {
    for (std::size_t i = size; i-- > 0; value >>= 8)
        out[i] = static_cast<std::uint8_t>(value);
}

// The longest prefix of at most `limit` bytes that does not end inside a code point.
std::size_t whole_code_points(std::string_view text, std::size_t limit) noexcept {
    if (text.size() <= limit) return text.size();
    std::size_t size = limit;
    while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xc0) == 0x80)
        --size;
    return size;
}

std::uint8_t fold(std::uint64_t word) noexcept {
    word |= word >> 32;
    word |= word >> 16;
    return static_cast<std::uint8_t>(word | word >> 8);
}

// Masks four bytes, moves past them and returns them.
std::uint32_t mask_word(std::uint8_t*& at, std::uint32_t key) noexcept {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= key;
    std::memcpy(at, &word, sizeof word);
    at += sizeof word;
    return word;
}

}  // namespace

bool ws_close_code_allowed(std::uint16_t code) noexcept {
    if (code >= 3000) return code <= 4999;
    // 1004 is undefined; 1005, 1006 and 1015 only name what happened locally; the rest below 3000 belongs to
    // future standards.
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

std::size_t ws_write_header(std::uint8_t* out, WsOpcode opcode, std::uint64_t payload_size,
                            WsFin fin) noexcept {
    out[0] = static_cast<std::uint8_t>(static_cast<unsigned>(fin) << 7 | static_cast<unsigned>(opcode));
    const std::size_t size = ws_header_size(payload_size);
    if (size == 2) {
        out[1] = static_cast<std::uint8_t>(payload_size);
        return size;
    }
    out[1] = size == 4 ? 126 : 127;
    store_big_endian(out + 2, payload_size, size - 2);
    return size;
}

std::size_t ws_write_masked_header(std::uint8_t* out, WsOpcode opcode, std::uint64_t payload_size,
                                   const WsMaskKey& key, WsFin fin) noexcept {
    const std::size_t size = ws_write_header(out, opcode, payload_size, fin);
    out[1] = static_cast<std::uint8_t>(out[1] | 0x80);
    std::memcpy(out + size, key.data(), key.size());
    return size + key.size();
}

std::size_t ws_write_control(WsControlFrame& out, WsOpcode opcode,
                             std::span<const std::uint8_t> payload) noexcept {
    const std::size_t size = std::min(payload.size(), kWsMaxControlPayload);
    const std::size_t header = ws_write_header(out.data(), opcode, size);
    if (size != 0) std::memcpy(out.data() + header, payload.data(), size);
    return header + size;
}

std::size_t ws_write_close(WsControlFrame& out, std::uint16_t code, std::string_view reason) noexcept {
    if (!ws_close_code_allowed(code)) return ws_write_header(out.data(), WsOpcode::kClose, 0);
    const std::size_t size = whole_code_points(reason, kWsMaxControlPayload - 2);
    const std::size_t header = ws_write_header(out.data(), WsOpcode::kClose, 2 + size);
    store_big_endian(out.data() + header, code, 2);
    std::copy_n(reason.data(), size, out.data() + header + 2);
    return header + 2 + size;
}

std::uint8_t ws_mask(std::span<std::uint8_t> bytes, const WsMaskKey& key) noexcept {
    std::uint32_t narrow;
    std::memcpy(&narrow, key.data(), sizeof narrow);
    const std::uint64_t wide = narrow | static_cast<std::uint64_t>(narrow) << 32;
    std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t seen = 0;
    for (; left >= 4 * sizeof wide; left -= 4 * sizeof wide) {
        // Four independent words, so that no word waits for the one before it.
        std::uint64_t words[4];
        std::memcpy(words, at, sizeof words);
        for (std::uint64_t& word : words)
            word ^= wide;
        std::memcpy(at, words, sizeof words);
        seen |= (words[0] | words[1]) | (words[2] | words[3]);
        at += sizeof words;
    }
    for (; left >= sizeof narrow; left -= sizeof narrow)
        seen |= mask_word(at, narrow);
    for (std::size_t i = 0; i < left; ++i) {
        at[i] = static_cast<std::uint8_t>(at[i] ^ key[i]);
        seen |= at[i];
    }
    return fold(seen);
}

}  // namespace streamhost::net
