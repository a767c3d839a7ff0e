#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "net/utf8.hpp"
#include "net/ws_codec.hpp"

struct z_stream_s;

namespace streamhost::net {

// The problem: zlib keeps a quarter of a megabyte to compress and 40 KiB to expand, which no connection that
// rests may cost; a kilobyte of hostile input expands to a megabyte; and a megabyte of hostile input keeps a
// processor busy for a tenth of a second.
//
// Both classes are RFC 7692 7.2 for whichever message they are given: no I/O, no clock, no thread. A loop has
// one of each for all its connections, which is possible because no message outlives its run.
// Role [loop], one user at a time. Both throw only std::bad_alloc.

class WsDeflater {
public:
    WsDeflater();

    // Forgets all that went before: the next message refers to nothing.
    void begin() noexcept;
    // One message: its parts, then its payload as it goes into a frame with RSV1, valid until the next add().
    void add(std::span<const std::uint8_t> part);
    [[nodiscard]] std::span<const std::uint8_t> finish();

private:
    struct End {
        void operator()(z_stream_s* stream) const noexcept;
    };
    void run(std::span<const std::uint8_t> part, int flush);

    std::unique_ptr<z_stream_s, End> stream_;
    std::vector<std::uint8_t> out_;
    std::size_t size_ = 0;
};

class WsInflater {
public:
    enum class State : std::uint8_t { kMore = 1, kDone, kFailed };

    WsInflater();

    // Begins a message: the joined payloads of its frames. `opcode` says whether it has to be UTF-8. The
    // bytes are read in place and have to stay until keep_input() or the end.
    void start(std::span<const std::uint8_t> deflated, WsOpcode opcode, std::uint32_t max_bytes);
    // Goes on until the message has its end or `budget` is used up, which is lowered by the work that was
    // done, in bytes written; reading costs, too. Room grows with what comes out, up to the limit.
    [[nodiscard]] State run(std::size_t& budget);
    // Copies what is left of the input, for a caller that goes on later. Once per message.
    void keep_input();

    [[nodiscard]] std::span<const std::uint8_t> message() const noexcept { return {out_.get(), size_}; }
    [[nodiscard]] WsOpcode opcode() const noexcept { return opcode_; }
    [[nodiscard]] WsFault fault() const noexcept { return fault_; }  // kNone unless it failed
    // Gives up the room of a large message.
    void trim() noexcept;

private:
    struct End {
        void operator()(z_stream_s* stream) const noexcept;
    };
    [[nodiscard]] bool step();
    [[nodiscard]] bool check(std::size_t from);
    void grow();
    [[nodiscard]] State finish();
    [[nodiscard]] bool is_between_blocks() const noexcept;
    State fail(WsFault fault) noexcept;

    std::unique_ptr<z_stream_s, End> stream_;
    std::span<const std::uint8_t> input_;
    std::vector<std::uint8_t> kept_;
    std::unique_ptr<std::uint8_t[]> out_;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
    std::uint32_t max_bytes_ = 0;
    Utf8Validator utf8_;
    WsOpcode opcode_ = WsOpcode::kBinary;
    WsFault fault_ = WsFault::kNone;
    bool has_tail_ = false;   // the four bytes that a sender leaves out were added
    bool has_ended_ = false;  // the last block said that it is the last, and nothing came behind it
};

}  // namespace streamhost::net
