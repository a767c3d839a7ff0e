#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "delivery/frame_chain.hpp"
#include "delivery/record.hpp"

namespace streamhost::delivery {

/// Where an encoder puts its frames. The payload is given as pieces (envelope, escaped entry, closing brace)
/// and copied once, straight into the block that all readers share; nothing is allocated per frame.
class FrameWriter {
public:
    FrameWriter(FrameChain& chain, Framing framing) : chain_(chain), framing_(framing) {}
    /// For a snapshot: one frame, and `chain` starts at the position that it takes the reader to.
    [[nodiscard]] static FrameWriter single(FrameChain& chain, Framing framing) {
        FrameWriter writer(chain, framing);
        writer.single_ = true;
        return writer;
    }

    /// One frame that takes a reader to (seq, check). Seqs rise. An empty, oversized (1 GiB) or disordered
    /// frame is not written and spoils the writer: the call that ran the encoder takes everything back.
    void frame(std::uint64_t seq, std::uint64_t check, const Piece* pieces, std::size_t count);

    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] std::uint64_t frames() const { return frames_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    FrameChain& chain_;
    Framing framing_;
    std::uint64_t frames_ = 0;
    std::uint64_t bytes_ = 0;
    bool single_ = false;
    bool good_ = true;
};

/// Turns records into the frames of one protocol. Registered by a protocol plugin, called for all readers at
/// once: pure, it knows neither reader nor state, so that equal records give equal bytes. [store], must not
/// block, must not throw.
class Encoder {
public:
    virtual ~Encoder() = default;

    /// One frame per record, or fewer where records are joined; the last frame carries the last record's
    /// position.
    [[nodiscard]] virtual bool encode(std::string_view stream, std::span<const RecordView> records,
                                      FrameWriter& out) noexcept = 0;

    /// Exactly one frame that replaces what a reader holds; `at` is the position that it then has.
    [[nodiscard]] virtual bool snapshot(std::string_view stream, std::span<const RecordView> records,
                                        Position at, FrameWriter& out) noexcept = 0;
};

}  // namespace streamhost::delivery
