#pragma once
// The streams themselves: found, made, measured, forgotten. What may be written to one is decided in
// streams_*.cpp.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/memory/core.hpp"
#include "store/memory/entry_log.hpp"
#include "store/memory/key_window.hpp"
#include "store/memory/swept_map.hpp"
#include "store/streams.hpp"

namespace streamhost::store::memory {

/// What most idle streams do not have.
struct StreamExtra {
    KeyWindow published;
    KeyWindow sent;
    std::string job;
};

struct Stream {
    const std::string* id = nullptr;  ///< the key in the table
    Mode mode = Mode::kShared;
    State state = State::kOpen;
    std::uint32_t claims = 0;
    Position base;
    Position head;
    std::uint64_t fence = 0;
    std::uint64_t pid = 0;
    std::int64_t lease_end_ms = 0;
    std::int64_t created_ms = 0;
    std::int64_t touched_ms = 0;
    EntryLog log;
    std::string user;
    std::unique_ptr<StreamExtra> extra;
    std::uint64_t charged = 0;  ///< bytes in the account

    /// The position of a kept entry, of `base`, or of the head.
    [[nodiscard]] Position at(std::uint64_t seq) const;
    [[nodiscard]] StreamExtra& more();
};

/// [store]
class StreamTable {
public:
    explicit StreamTable(Core& core) : core_(core) {}

    /// nullptr when unknown or expired (which it then forgets).
    [[nodiscard]] Stream* find(std::string_view id);

    Stream& create(std::string_view id, Mode mode, std::string_view user);

    /// Whether one more owned stream may exist under the home of `id`.
    [[nodiscard]] bool home_has_room(std::string_view id) const;
    /// The owned streams of a home, oldest first.
    [[nodiscard]] std::vector<const Stream*> runs_of(std::string_view home);

    /// Whether `more` bytes fit, after making room as the options say. May forget streams: find again.
    [[nodiscard]] bool make_room(std::uint64_t more);

    /// Brings the account up to date after a change of this stream.
    void charge(Stream& stream);
    /// A sign of life; as in the other drivers only written when a quarter of the lifetime has passed.
    void touch(Stream& stream);
    void ended(Stream& stream);

    [[nodiscard]] StreamInfo info(const Stream& stream) const;
    [[nodiscard]] std::size_t size() const noexcept { return streams_.size(); }
    void sweep(std::size_t items);

private:
    [[nodiscard]] std::int64_t lifetime(const Stream& stream) const;
    [[nodiscard]] bool expired(const Stream& stream) const;
    void forget(std::string_view id);
    void leave_home(const Stream& stream);
    void trim_windows(Stream& stream);

    Core& core_;
    SweptMap<Stream> streams_;
    TextMap<std::vector<Stream*>> homes_;
    std::deque<std::string> ended_;  // oldest first; only with WhenFull::kDropEnded
};

/// What a stream costs before its first entry, with its id in the table.
[[nodiscard]] std::uint64_t empty_stream_bytes(std::string_view id, std::string_view user) noexcept;

}  // namespace streamhost::store::memory
