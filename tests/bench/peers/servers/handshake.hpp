#pragma once

#include <array>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace streamhost::bench {

// The value of a field of a request's head, as these clients write it; empty when there is none.
inline std::string_view field_of(std::string_view head, std::string_view name) {
    const std::size_t at = head.find(name);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = head.substr(at + name.size());
    return rest.substr(0, rest.find("\r\n"));
}

// The whole answer to an upgrade.
inline std::string upgrade_answer(std::string_view head) {
    const std::string text =
        std::string(field_of(head, "Sec-WebSocket-Key: ")) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<char, 32> accept{};
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(accept.data()), digest.data(), SHA_DIGEST_LENGTH);
    return std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n") +
           "Sec-WebSocket-Accept: " + accept.data() + "\r\n\r\n";
}

}  // namespace streamhost::bench
