#pragma once
// Bounds and lifetimes, the same for every driver. All in milliseconds, bytes, entries.

#include <cstddef>
#include <cstdint>

namespace streamhost::store {

struct Limits {
    static constexpr std::int64_t kMinute = 60'000;
    static constexpr std::int64_t kHour = 60 * kMinute;
    static constexpr std::int64_t kDay = 24 * kHour;

    // Owned streams: kFull over these. Lifetimes are refreshed when a quarter of them has passed, so a stream
    // lives at least three quarters of them after its last write or renewal, and at most the whole.
    std::uint64_t run_entries = 100'000;
    std::uint64_t run_bytes = std::uint64_t{8} << 20;
    std::int64_t run_open_ms = kDay;           ///< after the last sign of life
    std::int64_t run_ended_ms = 10 * kMinute;  ///< after the end
    std::uint32_t home_runs = 1000;  ///< owned streams known under one home; claim and send answer kFull

    // Shared streams: the head is trimmed to these, whole entries, oldest first.
    std::uint64_t shared_entries = 10'000;
    std::uint64_t shared_bytes = std::uint64_t{8} << 20;
    std::int64_t shared_ms = 30 * kDay;  ///< after the last write

    // Idempotency: a key is forgotten after its time or behind this many newer ones, whichever is first.
    std::int64_t publish_key_ms = 10 * kMinute;
    std::uint32_t publish_keys = 1024;
    std::int64_t send_key_ms = kDay;
    std::uint32_t send_keys = 10'000;

    std::uint32_t history_messages = 200;
    std::int64_t history_ms = kDay;
    std::uint32_t queue_jobs = 100'000;  ///< waiting and pending; kFull over it
    std::int64_t last_node_ms = kDay;
    std::int64_t node_forget_ms = kHour;  ///< after its lapse

    std::uint32_t in_flight = 65'536;  ///< commands without an answer, waits included; kBusy over it
};

}  // namespace streamhost::store
