// The problem: a producer outside of this process sends appends without waiting for answers, each with the
// number that its first entry must get, and the store wants the check in front of it. Order has to hold, and
// reading the check anew for each append would double the work.
//
// So the appends of one stream stand in line, one at a time, and the position that the last one reached is
// kept for the next. No I/O and no clock. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "streamhost/abi/async.h"
#include "streamhost/service/streamcache_requests.hpp"

namespace streamcache {

struct RemoteAppend {
    streamhost::StreamAppend what;
    sh_ticket ticket = 0;
};

class AppendLine {
public:
    static constexpr std::size_t kMaxWaiting = 1'024;

    // False: the line is full.
    [[nodiscard]] bool add(RemoteAppend append, std::int64_t now_ms);
    // The next in line; nothing while one is under way. done() is due for each.
    [[nodiscard]] std::optional<RemoteAppend> next();
    // The check in front of `seq` if the last append stood there.
    [[nodiscard]] std::optional<std::uint64_t> check_before(std::uint64_t seq) const noexcept;
    // It reached `at`, or nobody knows what is there now.
    void done(std::optional<sh_position> at) noexcept;

    void claimed(sh_position at, std::uint32_t lease_ms, std::int64_t now_ms) noexcept;
    void touch(std::int64_t now_ms) noexcept { used_ms_ = now_ms; }
    // Of the claim; 0: it was made on another node.
    [[nodiscard]] std::uint32_t lease_ms() const noexcept { return lease_ms_; }
    [[nodiscard]] bool is_idle() const noexcept { return !is_busy_ && waiting_.empty(); }
    [[nodiscard]] std::int64_t used_ms() const noexcept { return used_ms_; }

private:
    std::deque<RemoteAppend> waiting_;
    std::optional<sh_position> at_;
    std::uint32_t lease_ms_ = 0;
    std::int64_t used_ms_ = 0;
    bool is_busy_ = false;
};

}  // namespace streamcache
