#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace streamhost::load {

// The client's half of RFC 6455, as much as a load generator needs, written apart from the host's codec so
// that a mistake there does not meet the same mistake here. Functions are pure.

enum class Opcode : std::uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// A GET that upgrades `path`; `key` is what Sec-WebSocket-Key says (16 bytes in base64). No subprotocol when
// empty.
[[nodiscard]] std::string upgrade_request(std::string_view host, std::string_view path,
                                          std::string_view subprotocol, std::string_view key);
[[nodiscard]] std::string random_key(std::uint64_t seed);

// Reads the answer to an upgrade: how many bytes its head takes, 0 while it is incomplete. Throws Failure
// unless it is a 101 with the accept value that belongs to `key`.
[[nodiscard]] std::size_t read_upgrade(std::string_view bytes, std::string_view key);

// Appends a masked frame.
void append_frame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t mask);

struct Frame {
    Opcode opcode = Opcode::kText;
    std::string_view payload;
};
// Reads a server's frame at the start of `bytes`: how many bytes it takes, 0 while it is incomplete. Throws
// Failure on what a server must not send, and on fragments, which this one never does.
[[nodiscard]] std::size_t read_frame(std::string_view bytes, Frame& out);

// "4002 too slow" of a close frame's payload.
[[nodiscard]] std::string describe_close(std::string_view payload);

}  // namespace streamhost::load
