#include "run_writer.hpp"

#include <algorithm>

#include "streamhost/bytes.hpp"
#include "streamhost/json.hpp"
#include "streamhost/utf8.hpp"

namespace chat {

namespace {

// Escaped at most six times as long: fits an entry.
constexpr std::size_t kTextBytes = 32u << 10;
constexpr std::size_t kPartBytes = 256u << 10;
// The streamcache is full and nothing we asked about is under way: somebody else fills it.
constexpr std::chrono::milliseconds kLookAgain{20};

}  // namespace

RunWriter::RunWriter(EntryPort& port, StopSignal& stop, RunWriterOptions options)
    : port_(port), stop_(stop), options_(options) {}

bool RunWriter::text(std::string_view piece) { return put_text(carry_.add(piece)); }

bool RunWriter::part(std::string_view json) {
    if (!put_text(carry_.finish())) return false;
    if (json.size() <= kPartBytes) return put(SH_RECORD_PART, json);
    over_ = SH_TOO_LARGE;
    return false;
}

bool RunWriter::flush() { return put_text(carry_.finish()); }

bool RunWriter::put_text(std::string_view whole) {
    while (!whole.empty()) {
        const std::string_view piece = streamhost::cut_utf8(whole, kTextBytes);
        std::string escaped;
        escaped.reserve(piece.size() + 16);
        streamhost::append_escaped(escaped, piece);
        if (!put(SH_RECORD_TEXT, escaped)) return false;
        whole.remove_prefix(piece.size());
    }
    return over_ == SH_OK;
}

bool RunWriter::put(std::uint32_t type, std::string_view data) {
    if (over_ != SH_OK) return false;
    if (is_first_) port_.first_entry();
    is_first_ = false;
    const sh_item item{type, 0, streamhost::bytes(data)};
    const bool asks = entries_since_ + 1 >= options_.answer_each_entries ||
                      bytes_since_ + data.size() >= options_.answer_each_bytes;
    const auto deadline = std::chrono::steady_clock::now() + options_.max_wait;
    while (true) {
        if (stop_.stopped()) over_ = SH_CANCELLED;
        if (over_ != SH_OK) return false;
        std::uint64_t seen = 0;
        {
            const std::lock_guard lock(mutex_);
            seen = answers_;
            if (asks) ++asked_;
        }
        const sh_status status = port_.write(item, asks);
        if (status == SH_OK) break;
        if (asks) {
            const std::lock_guard lock(mutex_);
            --asked_;
        }
        if (status != SH_BUSY) {
            over_ = status;
            return false;
        }
        if (!wait_for_room(seen, deadline)) over_ = SH_TIMEOUT;
    }
    entries_since_ = asks ? 0 : entries_since_ + 1;
    bytes_since_ = asks ? 0 : bytes_since_ + data.size();
    ++entries_;
    return true;
}

bool RunWriter::wait_for_room(std::uint64_t seen, std::chrono::steady_clock::time_point deadline) {
    // Registered outside of mutex_: the signal's lock is taken first, always.
    const StopSignal::Interruptible wake(stop_, [this] {
        const std::lock_guard lock(mutex_);
        interrupted_ = true;
        room_.notify_all();
    });
    std::unique_lock lock(mutex_);
    const auto until =
        asked_ > answers_ ? deadline : std::min(deadline, std::chrono::steady_clock::now() + kLookAgain);
    room_.wait_until(lock, until, [this, seen] { return answers_ != seen || interrupted_; });
    return std::chrono::steady_clock::now() < deadline;
}

void RunWriter::answered() {
    const std::lock_guard lock(mutex_);
    ++answers_;
    room_.notify_all();
}

}  // namespace chat
