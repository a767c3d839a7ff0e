#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "delivery/block.hpp"
#include "delivery/record.hpp"
#include "net/ws_deflate.hpp"
#include "net/ws_extension.hpp"
#include "net/ws_frame.hpp"

namespace streamhost::delivery {

/// The problem: what one reader is sent of the past is many small, similar frames, a fourth of their size
/// when compressed in one go; what all readers are sent of the present is shared and must stay so; and
/// compressing costs a hundred times what copying does, on a thread that others wait for.
///
/// Compresses frames for the readers of one loop, one after the other, within a budget per round. It keeps
/// nothing of a reader: a run begins anew, and no other compressed frame of that reader comes into it, since
/// what it gives is sent as one piece. [loop]
class Packer {
public:
    static constexpr std::size_t kRoundBytes = std::size_t{64} << 10U;  ///< about a millisecond
    /// Frames together that are worth a run, and one that is worth it by itself.
    static constexpr std::size_t kRunBytes = 1024;
    static constexpr std::size_t kMessageBytes = 512;
    /// Larger ones go as they are: they would hold the loop up.
    static constexpr std::size_t kLargest = std::size_t{256} << 10U;

    [[nodiscard]] bool has_budget() const { return left_ >= kRunBytes; }
    void next_round() { left_ = kRoundBytes; }

    /// A run: whole frames of a WebSocket as they are in a block, then the block that holds them compressed.
    void begin(net::WsCompression compression);
    void add(std::span<const std::uint8_t> frame);
    [[nodiscard]] BlockRef take();

    /// One message as a whole frame, valid until the next call. Empty: it is better sent as it is.
    [[nodiscard]] std::span<const std::uint8_t> message(net::WsOpcode opcode, std::span<const Piece> pieces);

    [[nodiscard]] std::uint64_t plain_bytes() const { return plain_bytes_; }
    [[nodiscard]] std::uint64_t packed_bytes() const { return packed_bytes_; }

private:
    net::WsDeflater& deflater();
    void put(std::vector<std::uint8_t>& out, net::WsOpcode opcode, std::span<const std::uint8_t> payload);
    void count(std::size_t plain, std::size_t packed);

    std::unique_ptr<net::WsDeflater> deflater_;
    std::vector<std::uint8_t> run_;
    std::vector<std::uint8_t> message_;
    net::WsCompression compression_ = net::WsCompression::kNone;
    std::size_t left_ = kRoundBytes;
    std::uint64_t plain_bytes_ = 0;
    std::uint64_t packed_bytes_ = 0;
};

}  // namespace streamhost::delivery
