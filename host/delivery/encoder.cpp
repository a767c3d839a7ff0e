#include "delivery/encoder.hpp"

namespace streamhost::delivery {

void FrameWriter::frame(std::uint64_t seq, std::uint64_t check, const Piece* pieces, std::size_t count) {
    std::size_t payload_bytes = 0;
    for (const Piece* piece = pieces; piece != pieces + count; ++piece)
        payload_bytes += piece->size;
    const bool in_order = single_ ? frames_ == 0 && seq == chain_.last().seq : seq > chain_.last().seq;
    if (!good_ || payload_bytes == 0 || payload_bytes > kMaxFrameBytes || !in_order) {
        good_ = false;
        return;
    }
    const Envelope envelope = framing_(payload_bytes);
    chain_.append(envelope, pieces, count, payload_bytes, {seq, check});
    ++frames_;
    bytes_ += envelope.head_size + payload_bytes + envelope.tail_size;
}

}  // namespace streamhost::delivery
