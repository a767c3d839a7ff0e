#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace streamhost::delivery {

/// What a reader has seen: everything up to `seq`, proven by the running hash `check`. {0, 0}: nothing yet.
struct Position {
    std::uint64_t seq = 0;
    std::uint64_t check = 0;

    bool operator==(const Position&) const = default;
};

/// One entry of a stream as delivery sees it. A view: valid for the call that it is passed to.
struct RecordView {
    std::uint64_t seq = 0;    ///< Dense from 1, at most 2^53-1.
    std::uint64_t prev = 0;   ///< Check before this record.
    std::uint64_t check = 0;  ///< Check with this record.
    char type = 0;            ///< Opaque here; encoders read it.
    std::int64_t ts_ms = 0;
    std::string_view data;
    std::uint64_t joined_from = 0;  ///< First seq folded into this record; 0: only `seq` itself.
    bool end = false;               ///< The stream's last record: the log closes after it.

    [[nodiscard]] std::uint64_t first() const { return joined_from != 0 ? joined_from : seq; }
    [[nodiscard]] Position before() const { return {first() - 1, prev}; }
    [[nodiscard]] Position after() const { return {seq, check}; }
};

/// A run of bytes of somebody else's; frames are spliced from these.
struct Piece {
    const void* data = nullptr;
    std::size_t size = 0;
};

/// Names an encoder that was registered with LogSet::add_encoding. Zero is no encoding.
using EncodingId = std::uint16_t;

/// A connection's reader. The generation makes a late call about a closed connection harmless.
struct ReaderRef {
    std::uint32_t loop = 0;
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;

    bool operator==(const ReaderRef&) const = default;
};

/// Chosen by the caller, unique per reader: which of its subscriptions a cursor serves.
using SubscriptionId = std::uint64_t;

}  // namespace streamhost::delivery
