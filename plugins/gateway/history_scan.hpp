// `history` from a session's own stream, which is numbered forwards while readers want the newest first:
// reads windows from the end backwards and keeps the messages in them.
//
// Free of I/O: next() says what to read, take() gets it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "streamhost/abi/svc/streamcache.h"

namespace gateway {

class HistoryScan {
public:
    // `before`: only messages older than that one; empty: the newest.
    HistoryScan(std::string_view before, std::uint32_t limit) : before_(before), limit_(limit) {}

    // What the log holds: oldest kept and head; (0, 0) for a stream that nobody has written.
    void set_bounds(std::uint64_t first, std::uint64_t last) noexcept;
    // Nothing: done.
    [[nodiscard]] std::optional<sh_range> next() const noexcept;
    // The answer to next(), in order; empty when all of it was trimmed meanwhile.
    void take(std::span<const sh_record> records);

    // When done. False: there is no message `before` in what is kept.
    [[nodiscard]] bool has_found() const noexcept { return before_.empty() || is_found_; }
    [[nodiscard]] std::string messages() const;                   // the inside of a JSON array, newest last
    [[nodiscard]] std::string_view next_before() const noexcept;  // empty: there is nothing older

private:
    struct Message {
        std::string id;
        std::string json;
    };
    void finish_window();
    [[nodiscard]] bool is_enough() const noexcept { return count_.has_value(); }

    std::string before_;
    std::uint32_t limit_;
    bool is_found_ = false;
    std::uint64_t first_ = 0;
    std::uint64_t low_ = 0;  // the window is low_ to high_, read up to cursor_
    std::uint64_t high_ = 0;
    std::uint64_t cursor_ = 0;
    std::vector<Message> window_;
    std::vector<Message> found_;        // newest first, and the first that is over a bound
    std::optional<std::size_t> count_;  // of those to be answered, once a bound was reached
    std::size_t bytes_ = 0;
};

}  // namespace gateway
