#include "ws_client.hpp"

#include <array>
#include <cstring>

#include <openssl/evp.h>

#include "failure.hpp"

namespace streamhost::load {
namespace {

std::string base64(const unsigned char* bytes, int size) {
    std::string text(static_cast<std::size_t>((size + 2) / 3 * 4), '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, size);
    return text;
}

std::string accept_of(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    return base64(digest.data(), static_cast<int>(size));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The value of a field in a head, by its lower-case name; empty when there is none.
std::string_view field(std::string_view head, std::string_view name) {
    for (std::size_t line = head.find("\r\n"); line != std::string_view::npos;
         line = head.find("\r\n", line)) {
        line += 2;
        const std::string_view rest = head.substr(line);
        bool matches = rest.size() > name.size() && rest[name.size()] == ':';
        for (std::size_t index = 0; matches && index < name.size(); ++index)
            matches = lower(rest[index]) == name[index];
        if (!matches) continue;
        std::string_view value = rest.substr(name.size() + 1, rest.find("\r\n") - name.size() - 1);
        while (value.starts_with(' '))
            value.remove_prefix(1);
        return value;
    }
    return {};
}

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes)
        value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

}  // namespace

std::string upgrade_request(std::string_view host, std::string_view path, std::string_view subprotocol,
                            std::string_view key) {
    std::string request = "GET ";
    request.append(path).append(" HTTP/1.1\r\nHost: ").append(host);
    request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13");
    request.append("\r\nSec-WebSocket-Key: ").append(key);
    if (!subprotocol.empty()) request.append("\r\nSec-WebSocket-Protocol: ").append(subprotocol);
    return request.append("\r\n\r\n");
}

std::string random_key(std::uint64_t seed) {
    std::array<unsigned char, 16> bytes{};
    std::memcpy(bytes.data(), &seed, sizeof(seed));
    return base64(bytes.data(), static_cast<int>(bytes.size()));
}

std::size_t read_upgrade(std::string_view bytes, std::string_view key) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        if (bytes.size() > 16'384) throw Failure("the answer to an upgrade has no end");
        return 0;
    }
    const std::string_view head = bytes.substr(0, end + 2);
    if (!head.starts_with("HTTP/1.1 101 "))
        throw Failure("an upgrade was refused: " + std::string(head.substr(0, head.find("\r\n"))));
    if (field(head, "sec-websocket-accept") != accept_of(key))
        throw Failure("an upgrade was answered with a wrong Sec-WebSocket-Accept");
    return end + 4;
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t mask) {
    out += static_cast<char>(0x80u | static_cast<unsigned>(opcode));
    const std::size_t size = payload.size();
    const int more = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
    const auto code = more == 0 ? static_cast<unsigned>(size) : more == 2 ? 126u : 127u;
    out += static_cast<char>(0x80u | code);
    for (int shift = (more - 1) * 8; shift >= 0; shift -= 8)
        out += static_cast<char>(size >> shift & 0xff);
    std::array<char, 4> key{};
    std::memcpy(key.data(), &mask, sizeof(mask));
    out.append(key.data(), key.size());
    const std::size_t start = out.size();
    out.append(payload);
    for (std::size_t index = 0; index < size; ++index)
        out[start + index] = static_cast<char>(out[start + index] ^ key[index & 3]);
}

std::size_t read_frame(std::string_view bytes, Frame& out) {
    if (bytes.size() < 2) return 0;
    const auto first = static_cast<unsigned char>(bytes[0]);
    const auto second = static_cast<unsigned char>(bytes[1]);
    if ((first & 0x80u) == 0) throw Failure("a fragmented message");
    if ((first & 0x70u) != 0) throw Failure("a frame with reserved bits");
    if ((second & 0x80u) != 0) throw Failure("a masked frame from the server");
    const auto opcode = static_cast<Opcode>(first & 0x0fu);
    if (opcode != Opcode::kText && opcode != Opcode::kBinary && opcode != Opcode::kClose &&
        opcode != Opcode::kPing && opcode != Opcode::kPong)
        throw Failure("a frame with opcode " + std::to_string(first & 0x0fu));
    std::uint64_t size = second & 0x7fu;
    std::size_t head = 2;
    if (size >= 126) {
        const std::size_t more = size == 126 ? 2 : 8;
        if (bytes.size() < head + more) return 0;
        size = big_endian(bytes.substr(head, more));
        head += more;
    }
    if (size > (64u << 20)) throw Failure("a frame of " + std::to_string(size) + " bytes");
    if (bytes.size() - head < size) return 0;
    out = {opcode, bytes.substr(head, static_cast<std::size_t>(size))};
    return head + static_cast<std::size_t>(size);
}

std::string describe_close(std::string_view payload) {
    if (payload.size() < 2) return "no code";
    return std::to_string(big_endian(payload.substr(0, 2))) + " " + std::string(payload.substr(2));
}

}  // namespace streamhost::load
