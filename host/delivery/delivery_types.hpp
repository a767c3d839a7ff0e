#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "delivery/record.hpp"

/// What LogSet answers, is told and counts.
namespace streamhost::delivery {

enum class AttachStatus : std::uint8_t {
    kOk = 1,
    kNoEncoding,  ///< Nobody registered it (or its plugin is gone).
    kBroken,      ///< The plan's items do not chain.
    kNotInLog,    ///< A log or join position is not in the log: see AttachResult::log, or the answer of
                  ///< range().
    kEncoderFailed,
    kNoLoop,  ///< The reader names a loop that does not exist.
};

/// What the node holds of a stream in one encoding: the frames in (first, last].
struct LogRange {
    Position first;
    Position last;
    bool closed = false;
};

struct AttachResult {
    AttachStatus status = AttachStatus::kOk;
    std::uint32_t ticket = 0;
    std::optional<LogRange> log;  ///< Set with kNotInLog.
};

enum class DeliverStatus : std::uint8_t {
    kOk = 1,
    kNoReaders,  ///< Nobody here reads the stream; nothing was encoded.
    kNotNext,    ///< The records do not continue the log: the caller reads first. Nothing was changed.
    kClosed,     ///< The log has its end.
};

struct LogSetOptions {
    std::uint32_t loops = 1;                             ///< At most 65,535.
    std::size_t memory_bytes = std::size_t{512} << 20U;  ///< All logs together; the oldest blocks go first.
    std::size_t log_bytes = std::size_t{1} << 20U;       ///< One log.
    std::int64_t idle_ms = 5'000;     ///< Quiet for so long, all readers at the end: frames are let go.
    std::int64_t grace_ms = 30'000;   ///< A log without readers stays so long.
    std::int64_t segment_ms = 2'000;  ///< An encoded range can be shared so long.
};

struct LogSetStats {
    std::uint64_t frames = 0;  ///< Encoded into logs and segments.
    std::uint64_t bytes = 0;
    std::uint64_t joins = 0;  ///< Attached cursors.
    std::uint64_t fell_off = 0;
    std::uint64_t trimmed_blocks = 0;
    std::uint64_t shrunk_logs = 0;
    std::uint64_t shared_segments = 0;  ///< Ranges that were not encoded again.
    std::uint64_t encoder_faults = 0;
    std::size_t logs = 0;
    std::size_t log_memory_bytes = 0;  ///< Held by logs and shared segments, what memory_bytes bounds.
};

}  // namespace streamhost::delivery
