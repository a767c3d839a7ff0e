// `history` from a session's own stream, which is numbered forwards while readers want the newest first:
// reads windows from the end backwards and keeps the messages in them that may be answered.
//
// Bounded in all that it does, whatever stands in the stream: it reads back over kMaxEntries and
// kMaxReadBytes, which is what a stream keeps by default, a page of kPageBytes at a time, and holds one
// answer at the most.
//
// Free of I/O and of clocks: next() says what to read, take() gets it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/svc/streamcache.h"

namespace gateway {

class HistoryScan {
public:
    static constexpr std::uint64_t kWindow = 512;  // entries
    static constexpr std::uint64_t kPageBytes = 256u << 10;
    static constexpr std::uint64_t kMaxEntries = 10'000;
    static constexpr std::uint64_t kMaxReadBytes = 8u << 20;
    // One answer stays below what may wait for a reader; a single message may be larger and is answered
    // alone.
    static constexpr std::size_t kMaxBytes = 192u << 10;

    // `before`: only messages older than that one; empty: the newest.
    HistoryScan(std::string_view before, std::uint32_t limit) : before_(before), limit_(limit) {}

    // What the log holds: oldest kept and head; (0, 0) for a stream that nobody has written.
    void set_bounds(std::uint64_t first, std::uint64_t last) noexcept;
    // Nothing: done.
    [[nodiscard]] std::optional<sh_range> next() const noexcept;
    // The answer to next(), in order; empty when all of it was trimmed meanwhile.
    void take(std::span<const sh_record> records);

    // When done. False: there is no message `before` in what was read.
    [[nodiscard]] bool has_found() const noexcept { return before_.empty() || is_found_; }
    [[nodiscard]] std::string messages() const;                   // the inside of a JSON array, newest last
    [[nodiscard]] std::string_view next_before() const noexcept;  // empty: there is nothing older

private:
    struct Message {
        std::string id;
        std::string json;
    };
    void open_window(std::uint64_t high) noexcept;
    void keep(Message message);
    void finish_window();
    [[nodiscard]] bool is_spent() const noexcept {
        return read_entries_ >= kMaxEntries || read_bytes_ >= kMaxReadBytes;
    }
    [[nodiscard]] bool is_enough() const noexcept { return count_.has_value(); }

    std::string before_;
    std::uint32_t limit_;
    bool is_found_ = false;
    std::uint64_t first_ = 0;
    std::uint64_t low_ = 0;  // the window is low_ to high_, read up to cursor_
    std::uint64_t high_ = 0;
    std::uint64_t cursor_ = 0;
    std::uint64_t read_entries_ = 0;
    std::uint64_t read_bytes_ = 0;
    std::deque<Message> window_;  // oldest first, and no more than could be answered
    std::size_t window_bytes_ = 0;
    bool is_past_before_ = false;       // in this window: what follows is newer than `before`
    std::vector<Message> found_;        // newest first, and the first that is over a bound
    std::optional<std::size_t> count_;  // of those to be answered, once a bound was reached
    std::size_t bytes_ = 0;
};

}  // namespace gateway
