#include "delivery/packer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace streamhost::delivery {
namespace {

constexpr std::uint8_t kRsv1 = 0x40;

std::size_t header_bytes(std::uint8_t length) { return length < 126 ? 2 : length == 126 ? 4 : 10; }

}  // namespace

void Packer::begin(net::WsCompression compression) {
    compression_ = compression;
    run_.clear();
    deflater().begin();
}

void Packer::add(std::span<const std::uint8_t> frame) {
    if (compression_ == net::WsCompression::kEach) deflater().begin();
    deflater().add(frame.subspan(header_bytes(frame[1])));
    const std::size_t before = run_.size();
    put(run_, static_cast<net::WsOpcode>(frame[0] & 0x0f), deflater().finish());
    count(frame.size(), run_.size() - before);
}

BlockRef Packer::take() {
    BlockRef block = Block::create(Block::total_for(run_.size()), {});
    std::memcpy(block->tail(), run_.data(), run_.size());
    block->commit(run_.size(), {});
    return block;
}

std::span<const std::uint8_t> Packer::message(net::WsOpcode opcode, std::span<const Piece> pieces) {
    std::size_t plain = 0;
    for (const Piece& piece : pieces)
        plain += piece.size;
    if (plain < kMessageBytes || plain > kLargest || !has_budget()) return {};
    deflater().begin();
    for (const Piece& piece : pieces)
        deflater().add({static_cast<const std::uint8_t*>(piece.data), piece.size});
    const auto payload = deflater().finish();
    message_.clear();
    if (payload.size() < plain) put(message_, opcode, payload);
    count(plain, std::min(plain, payload.size()));
    return message_;
}

void Packer::put(std::vector<std::uint8_t>& out, net::WsOpcode opcode,
                 std::span<const std::uint8_t> payload) {
    std::array<std::uint8_t, net::kWsMaxServerHeader> header;
    const std::size_t size = net::ws_write_header(header.data(), opcode, payload.size());
    header[0] |= kRsv1;
    out.insert(out.end(), header.data(), header.data() + size);
    out.insert(out.end(), payload.begin(), payload.end());
}

void Packer::count(std::size_t plain, std::size_t packed) {
    left_ -= std::min(left_, plain);
    plain_bytes_ += plain;
    packed_bytes_ += packed;
}

net::WsDeflater& Packer::deflater() {
    if (deflater_ == nullptr) deflater_ = std::make_unique<net::WsDeflater>();
    return *deflater_;
}

}  // namespace streamhost::delivery
